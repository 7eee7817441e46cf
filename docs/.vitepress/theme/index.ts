// The theme without its font, which is a large download: pages use the reader's own.
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
