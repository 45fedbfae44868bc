// llama.cpp over a part of the OpenAI wire format, by node-llama-cpp: enough to ask a real model server with a real grammar for schemas.
//
//     npm i --ignore-scripts node-llama-cpp          in a folder of its own
//     NODE_PATH=FOLDER/node_modules node tools/llama_server.mjs MODEL.gguf [PORT]
//
// Prints its address when it is ready. Answers /v1/models and /v1/chat/completions with max_tokens, temperature, seed and json_schema.
import http from "node:http";
import path from "node:path";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const [file, port = "0"] = process.argv.slice(2);
const require = createRequire(path.join(process.env.NODE_PATH ?? process.cwd(), "x.js"));
const entry = require.resolve.paths("node-llama-cpp").map((folder) => path.join(folder, "node-llama-cpp", "dist", "index.js"));
entry.unshift(path.join(process.env.NODE_PATH ?? "", "node-llama-cpp", "dist", "index.js"));
let llamaCpp;
for (const place of entry) {
    try {
        llamaCpp = await import(pathToFileURL(place).href);
        break;
    } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
}
const {getLlama, LlamaCompletion} = llamaCpp;
const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: file});
const name = path.basename(file, ".gguf");
const context = await model.createContext({contextSize: 1024, threads: 1});
const sequence = context.getSequence();
const completion = new LlamaCompletion({contextSequence: sequence});
let turn = Promise.resolve();

async function answer(body) {
    if (body.model !== name) return [404, {error: {message: `The model \`${body.model}\` does not exist`, code: "model_not_found"}}];
    const prompt = body.messages.map((message) => `<|${message.role}|>\n${message.content}<|end|>\n`).join("") + "<|assistant|>\n";
    const tokens = model.tokenize(prompt);
    const schema = body.response_format?.json_schema?.schema;
    const grammar = schema ? await llama.createGrammarForJsonSchema(schema) : undefined;
    const options = {maxTokens: body.max_tokens ?? 64, temperature: body.temperature ?? 0.8, seed: body.seed, grammar};
    const {response, metadata} = await completion.generateCompletionWithMeta(tokens, options);
    const used = {prompt_tokens: tokens.length, completion_tokens: model.tokenize(response).length};
    const finish = metadata.stopReason === "maxTokens" ? "length" : "stop";
    const choice = {index: 0, message: {role: "assistant", content: response}, finish_reason: finish};
    return [200, {object: "chat.completion", model: name, choices: [choice], usage: {...used, total_tokens: used.prompt_tokens + used.completion_tokens}}];
}

const server = http.createServer((request, response) => {
    const send = (status, body) => {
        response.writeHead(status, {"Content-Type": "application/json"});
        response.end(JSON.stringify(body));
    };
    if (request.url === "/v1/models") return send(200, {object: "list", data: [{id: name, object: "model"}]});
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        turn = turn.then(async () => {
            try {
                send(...(await answer(JSON.parse(Buffer.concat(parts).toString()))));
            } catch (error) {
                send(400, {error: {message: String(error.message ?? error)}});
            }
        });
    });
});
server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/v1`));
