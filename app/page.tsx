import { redirect } from "next/navigation";
import { HOME, LOGIN } from "@/server/auth/policy/routes";
import { currentCaller } from "@/server/auth/gate/require-caller";

export default async function RootPage() {
  redirect((await currentCaller()) ? HOME : LOGIN);
}
