import { handleCall } from "@/server/api/handler";

const answer = (request: Request) => handleCall(request, new Date());

export { answer as GET, answer as POST };
