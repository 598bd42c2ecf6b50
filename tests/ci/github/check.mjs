/** GitHub's own language service over files. The request is JSON on standard input: { root, files, actions }. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { validate } from '@actions/languageservice';
import { registerLogger } from '@actions/languageservice/log';
import { TextDocument } from 'vscode-languageserver-textdocument';

const { root, files, actions } = JSON.parse(fs.readFileSync(0, 'utf8'));
// The service would only note that it gave up.
const fail = (message) => {
  throw new Error(message);
};
registerLogger({ error: fail, warn: fail, info: fail, log: fail });

const fileProvider = {
  getFileContent: async (reference) => {
    if (reference.owner) throw new Error(`${reference.owner}/${reference.repository} is not here`);
    return { name: reference.path, content: fs.readFileSync(path.join(root, reference.path), 'utf8') };
  },
};
const actionsMetadataProvider = {
  fetchActionMetadata: async ({ owner, name }) => {
    const known = actions[`${owner}/${name}`];
    const inputs = known?.inputs.map((input) => [input, { description: input }]);
    return known && { name, description: name, inputs: Object.fromEntries(inputs) };
  },
};

for (const file of files) {
  const place = path.join(root, file);
  const document = TextDocument.create(pathToFileURL(place).href, 'yaml', 1, fs.readFileSync(place, 'utf8'));
  for (const { range, message } of await validate(document, { fileProvider, actionsMetadataProvider })) {
    console.log(`${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
  }
}
