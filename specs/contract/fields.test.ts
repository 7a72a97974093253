// The description of the contract against its schema and the rule index: a field that nobody described, and a rule that
// there is not, are found here.
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parseContract } from './contract.ts'
import { ruleIndexSchema } from './rule-index.ts'

const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8')
const text = await read('README.md')
const rows = text.split('\n').flatMap((line) => {
  const [, field = '', , , , rules = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
  return field.startsWith('`')
    ? [{ fields: field.match(/[^`, ]+/g) ?? [], rules: rules.match(/[A-Z]+-\d+/g) ?? [] }]
    : []
})

type Schema = {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly description?: string
}

const schema = JSON.parse(await read('schemas/contract.schema.json')) as Schema

/** `extensions[].image` of variants, `gateways.count`: fields as the tables name them; one of a signer is in the words before. */
function fieldsOf(given: Schema, path: string): readonly string[] {
  const { properties = {}, additionalProperties, items, anyOf = [] } = resolve(given)
  const inside = Object.entries(properties).flatMap(([key, value]) => {
    const name = path + key
    const below = isSigner(value) ? [] : fieldsOf(value, `${name}.`)
    return resolve(value).properties === undefined || isSigner(value) ? [name, ...below] : below
  })
  const member =
    typeof additionalProperties === 'object' && path === 'variants.' ? fieldsOf(additionalProperties, '') : []
  const item =
    items === undefined || isSigner(items)
      ? []
      : fieldsOf(items, path === 'overlays.' ? '' : path.replace(/\.$/, '[].'))
  return [...inside, ...member, ...item, ...anyOf.flatMap((one) => fieldsOf(one, path))]
}

function resolve(one: Schema): Schema {
  const name = one.$ref?.split('/').at(-1)
  return name === undefined ? one : { ...schema.$defs?.[name] }
}

function isSigner(one: Schema): boolean {
  return (resolve(one).anyOf ?? []).some((kind) => resolve(kind).properties?.['publicKey'] !== undefined)
}

/** Both are in the shape that the table gives of the whole. */
const IN_SHAPE = /^(?:splash\.|nodes\[\])/

it('has a row for every field, and none for another', () => {
  const fields = [...new Set(fieldsOf(schema, ''))].filter((name) => !IN_SHAPE.test(name))
  const described = rows.flatMap((row) => row.fields)
  expect(described.filter((name) => !fields.includes(name) && name !== 'splash')).toEqual([])
  expect(fields.filter((name) => !described.includes(name))).toEqual([])
  expect(fields).toEqual(expect.arrayContaining(['extensions[].modulesKey', 'options', 'kernel.signer', 'role']))
})

it('names rules that there are', async () => {
  const { requirements } = ruleIndexSchema.parse(JSON.parse(await read('rule-index.json')))
  const named = rows.flatMap(({ rules }) => rules)
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((id) => requirements.every((one) => one.id !== id))).toEqual([])
})

it('shows a contract that is one', () => {
  const [, shown = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? []
  expect(parseContract(Buffer.from(shown), 'README.md')).toMatchObject({
    variants: { board: { extensions: ['drbd', 'iscsi-tools', 'board-agent'], own: [{ name: 'board-agent' }] } },
    overlays: [{ name: 'rpi_generic' }],
  })
})
