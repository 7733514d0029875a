import { answerCall } from "@/server/calls";

const answer = (request: Request) => answerCall(request, new Date());

export { answer as GET, answer as POST };
