import "./runtime/testing-env";
import { expect, test } from "vitest";
import { startBackgroundWork } from "./background";

test("background work: refuses to start without the HTTP entry, because a client could spoof its address", () => {
  expect(startBackgroundWork).toThrow("npm start");
});
