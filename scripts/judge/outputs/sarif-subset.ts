// What SARIF 2.1.0 says of the properties that we write, in our own words: required ones, types and closed lists
// (sections 3.13 to 3.58 of the specification). Anything that we do not write is refused.

const text = { type: 'string' }
const message = closed({ text }, ['text'])
const region = closed(
  {
    startLine: { type: 'integer', minimum: 1 },
    startColumn: { type: 'integer', minimum: 1 },
    byteOffset: { type: 'integer', minimum: 0 },
  },
  ['startLine'],
)
// 3.4.3: a URI reference; ours are relative.
const uri = { type: 'string', pattern: "^(?!/)(?:[-A-Za-z0-9._~!$&'()*+,;=@/]|%[0-9A-F]{2})+$" }
const artifactLocation = closed({ uri, uriBaseId: text }, ['uri'])
const physicalLocation = closed({ artifactLocation, region }, ['artifactLocation', 'region'])
const location = closed({
  message,
  physicalLocation,
  logicalLocations: list(closed({ fullyQualifiedName: text, kind: text })),
})
const level = { enum: ['none', 'note', 'warning', 'error'] }
const rule = closed(
  {
    id: text,
    shortDescription: message,
    help: message,
    defaultConfiguration: closed({ level }),
    properties: closed({ tags: { ...list(text), uniqueItems: true } }),
  },
  ['id'],
)
const result = closed(
  {
    ruleId: text,
    ruleIndex: { type: 'integer', minimum: 0 },
    kind: { enum: ['notApplicable', 'pass', 'fail', 'review', 'open', 'informational'] },
    level,
    message,
    locations: list(location),
    relatedLocations: list(location),
    partialFingerprints: { type: 'object', additionalProperties: text },
    suppressions: list(closed({ kind: { enum: ['inSource', 'external'] }, justification: text }, ['kind'])),
    properties: { type: 'object' },
  },
  ['message'],
)
const invocation = closed(
  {
    executionSuccessful: { type: 'boolean' },
    exitCode: { type: 'integer' },
    toolExecutionNotifications: list(closed({ level, message }, ['message'])),
  },
  ['executionSuccessful'],
)
const run = closed(
  {
    tool: closed({ driver: closed({ name: text, semanticVersion: text, rules: list(rule) }, ['name']) }, ['driver']),
    automationDetails: closed({ id: text }),
    originalUriBaseIds: { type: 'object', additionalProperties: closed({ description: message }) },
    invocations: list(invocation),
    columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
    // 3.27.10: whatever is no failure has no level.
    results: list({
      ...result,
      anyOf: [{ properties: { kind: { const: 'fail' } } }, { properties: { level: { const: 'none' } } }],
    }),
  },
  ['tool'],
)

export const SARIF_SUBSET = closed({ $schema: text, version: { const: '2.1.0' }, runs: list(run) }, ['version', 'runs'])

function closed(properties: object, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, properties, required }
}

function list(items: object): object {
  return { type: 'array', items }
}
