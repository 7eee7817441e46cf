export * from "@tsmpi/core/testing";
