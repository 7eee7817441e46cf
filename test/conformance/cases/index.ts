import { cases as collectives } from "./collectives.ts";
import { cases as communicators } from "./communicators.ts";
import { cases as pointToPoint } from "./point-to-point.ts";

export const themes = { "point to point": pointToPoint, collectives, communicators };
