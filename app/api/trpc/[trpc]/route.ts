import { answerCall } from "@/server/api/handler";

const answer = (request: Request) => answerCall(request, new Date());

export { answer as GET, answer as POST };
