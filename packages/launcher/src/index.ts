export * from "@tsmpi/core";
