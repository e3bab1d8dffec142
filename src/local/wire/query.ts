import { readText, type Shape, writeXml } from "./smithy.ts";
import { codeOf, statusOf, type Wire } from "./wire.ts";

/** A form's fields as the tree that their dotted names spell: `Tags.member.1.Key`. */
interface Field {
  text?: string;
  readonly parts: Map<string, Field>;
}

function parseForm(body: string): Field {
  const root: Field = { parts: new Map() };
  for (const [name, text] of new URLSearchParams(body)) {
    let field = root;
    for (const part of name.split(".")) {
      let next = field.parts.get(part);
      if (!next) {
        next = { parts: new Map() };
        field.parts.set(part, next);
      }
      field = next;
    }
    field.text = text;
  }
  return root;
}

const numbered = (field: Field | undefined): Field[] =>
  [...(field?.parts ?? [])]
    .filter(([part]) => /^\d+$/.test(part))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item);

function memberKey(name: string, shape: Shape, ec2: boolean): string {
  const { xmlName, ec2QueryName } = shape.getMergedTraits();
  const key = String(xmlName ?? name);
  if (!ec2) return key;
  return String(ec2QueryName ?? key.charAt(0).toUpperCase() + key.slice(1));
}

/** The inverse of the SDK's QueryShapeSerializer. */
function read(shape: Shape, field: Field, ec2: boolean): unknown {
  if (shape.isStructSchema()) {
    const value: Record<string, unknown> = {};
    for (const [name, member] of shape.structIterator()) {
      const part = field.parts.get(memberKey(name, member, ec2));
      if (part) value[name] = read(member, part, ec2);
    }
    return value;
  }
  const flat = ec2 || shape.getMergedTraits().xmlFlattened;
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    const items = flat ? field : field.parts.get(item.getMergedTraits().xmlName ?? "member");
    return numbered(items).map((part) => read(item, part, ec2));
  }
  if (shape.isMapSchema()) {
    const key = shape.getKeySchema().getMergedTraits().xmlName ?? "key";
    const item = shape.getValueSchema();
    const value = item.getMergedTraits().xmlName ?? "value";
    const map: Record<string, unknown> = {};
    for (const entry of numbered(flat ? field : field.parts.get("entry"))) {
      const name = entry.parts.get(key)?.text;
      if (name !== undefined) map[name] = read(item, entry.parts.get(value) ?? { text: "", parts: new Map() }, ec2);
    }
    return map;
  }
  return readText(shape, field.text ?? "");
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Text as it stands in XML. */
export const escapeXml = (text: string): string => text.replace(/[&<>]/g, (char) => escapes[char] ?? char);

/** A structure's members as XML, without the element around them. */
function members(shape: Shape, value: object): string {
  if (!shape.isStructSchema()) return "";
  const document = writeXml(shape, value, "");
  if (/^<[^>]*\/>$/.test(document)) return "";
  return document.slice(document.indexOf(">") + 1, document.lastIndexOf("<"));
}

const headers = (requestId: string) => ({ "content-type": "text/xml;charset=utf-8", "x-amzn-requestid": requestId });

const operationName: Wire["operationName"] = (_, request) =>
  new URLSearchParams(request.body.toString("utf8")).get("Action") ??
  request.url.searchParams.get("Action") ??
  undefined;

const readForm =
  (ec2: boolean): Wire["read"] =>
  async (operation, request) => {
    const form = request.body.length > 0 ? request.body.toString("utf8") : request.url.search.slice(1);
    return operation.input.isUnitSchema()
      ? {}
      : (read(operation.input, parseForm(form), ec2) as Record<string, unknown>);
  };

/** AWS query: a form in, XML out (SNS, IAM, STS, Elastic Load Balancing). */
export const query: Wire = {
  operationName,
  read: readForm(false),

  answer(api, { name, output: shape }, output, requestId) {
    const result = shape.isStructSchema() ? `<${name}Result>${members(shape, output)}</${name}Result>` : "";
    return {
      status: 200,
      headers: headers(requestId),
      body: `<${name}Response xmlns="${api.xmlNamespace}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`,
    };
  },

  refuse(api, error, requestId) {
    const status = statusOf(api, error);
    const more = Object.entries(error.data ?? {}).map(
      ([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`,
    );
    return {
      status,
      headers: headers(requestId),
      body: `<ErrorResponse xmlns="${api.xmlNamespace}"><Error><Type>${status < 500 ? "Sender" : "Receiver"}</Type><Code>${codeOf(api, error.name)}</Code><Message>${escapeXml(error.message)}</Message>${more.join("")}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    };
  },

  unknownOperation: (api, name) =>
    name
      ? { name: "InvalidAction", message: `Could not find operation ${name} for version ${api.version}` }
      : { name: "MissingAction", message: "Missing Action" },
};

/** EC2's own variety of AWS query: flat lists in, another frame out. */
export const ec2: Wire = {
  operationName,
  read: readForm(true),

  answer: (api, { name, output: shape }, output, requestId) => ({
    status: 200,
    headers: headers(requestId),
    body: `<${name}Response xmlns="${api.xmlNamespace}"><requestId>${requestId}</requestId>${members(shape, output)}</${name}Response>`,
  }),

  refuse: (api, error, requestId) => ({
    status: statusOf(api, error),
    headers: headers(requestId),
    body: `<Response><Errors><Error><Code>${codeOf(api, error.name)}</Code><Message>${escapeXml(error.message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`,
  }),

  unknownOperation: (_, name) =>
    name
      ? { name: "InvalidAction", message: `The action ${name} is not valid for this web service.` }
      : { name: "MissingAction", message: "The request must contain the parameter Action" },
};
