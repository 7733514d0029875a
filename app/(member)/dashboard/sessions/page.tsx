import type { Metadata } from "next";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { DeviceList } from "./device-list";

export const metadata: Metadata = { title: "Devices" };

export default async function DevicesPage() {
  await requireCaller();
  return <DeviceList />;
}
