// The keys that a reader takes for one field. encoding/json of Go matches a field whatever the case of its letters, by the
// folding of Unicode (`foldName`, go1.26 src/encoding/json/fold.go): `ſ` is `s`, the Kelvin sign `k`. protojson knows a
// field by its JSON name and by its name in the .proto file (https://protobuf.dev/programming-guides/json/).

/** The reader whose spelling of keys counts: Go's structs, or messages of protobuf. */
export type Spelling = 'go' | 'protobuf'

/** Two keys with one folding are one field to a Go struct. */
function foldKey(key: string): string {
  return Array.from(key, foldCharacter).join('')
}

/** `dsse_envelope` and `dsseEnvelope` are one field; so, for clients that are laxer, is any other case of it. */
function foldProtobufKey(key: string): string {
  return foldKey(key.replaceAll('_', ''))
}

export function folding(spelling: Spelling): (key: string) => string {
  return spelling === 'go' ? foldKey : foldProtobufKey
}

/** Simple folding maps one character to one: what becomes several by case (`ß`) stays itself. */
function foldCharacter(character: string): string {
  const upper = character.toUpperCase()
  const lower = (upper.length === character.length ? upper : character).toLowerCase()
  return lower.length === character.length || lower.length === 1 ? lower : character
}
