import "./runtime/testing-env";
import { expect, test } from "vitest";
import { startBackgroundWork } from "./background";

test("the app does not start outside its entry, where a client could choose its own address", () => {
  expect(startBackgroundWork).toThrow("npm start");
});
