// A program: calls tools as hosts built on the TypeScript SDK do, and prints what its user gets of each.
//
// stdin has {"server": {"command", "args", "env"} or {"url"}, "calls": [[tool, arguments], …]} as JSON; stdout gets
// {"tools", "instructions", "results"}, a result being what the tool answered or {"thrown"}.
import { text } from "node:stream/consumers";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { server, calls } = JSON.parse(await text(process.stdin));
const transport = server.url ? new StreamableHTTPClientTransport(new URL(server.url)) : new StdioClientTransport(server);
const client = new Client({ name: "typescript-sdk", version: "1" });
await client.connect(transport);
// From here on the client holds what a tool answers to the output schema that was listed.
const { tools } = await client.listTools();
const results = [];
for (const [name, args] of calls) {
  results.push(await client.callTool({ name, arguments: args }).catch((error) => ({ thrown: String(error) })));
}
const instructions = client.getInstructions();
await client.close();
console.log(JSON.stringify({ tools, instructions, results }));
