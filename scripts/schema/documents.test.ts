import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { sampleConformance } from '../testing/sample-conformance.ts'
import { DOCUMENT_NAMES, formatSchema, schemaPath, type DocumentName } from './documents.ts'

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')

async function validator(name: DocumentName) {
  return new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(
    JSON.parse(await read(schemaPath(name))) as object,
  )
}

describe('specs/contract/schemas', () => {
  it.each(DOCUMENT_NAMES)('has the schema of %s as npm run schema writes it', async (name) => {
    expect(await read(schemaPath(name))).toBe(formatSchema(name))
  })

  it.each([
    ['contract', (text: string) => parse(text) as unknown, 'specs/contract/contract.yaml'],
    ['waivers', (text: string) => parse(text) as unknown, 'specs/contract/waivers.yaml'],
    ['lock', (text: string) => JSON.parse(text) as unknown, 'specs/contract/upstream.lock.json'],
    ['lock', (text: string) => JSON.parse(text) as unknown, 'fixtures/golden/lock-v1.13.9.json'],
  ] as const)('takes as a %s what is one', async (name, decode, path) => {
    const validate = await validator(name)
    validate(decode(await read(path)))
    expect(validate.errors).toBeNull()
  })

  it.each([
    ['an unknown key', { variants: {}, secureboot: true }],
    ['a value of another type', { variants: {}, secureBoot: 'yes' }],
    ['no variants at all', {}],
    ['an unknown key of a variant', { variants: { plain: { extension: [] } } }],
  ])('refuses a contract with %s', async (_, contract) => {
    expect((await validator('contract'))(contract)).toBe(false)
  })

  it('takes a contract of nothing but variants, and a schema that is named in a lock', async () => {
    expect((await validator('contract'))({ variants: { plain: {} } })).toBe(true)
    expect((await validator('contract'))({ extends: 'default' })).toBe(true)
    expect((await validator('lock'))({ $schema: 'x.json', schema: 2 })).toBe(true)
  })
})

describe('report.schema.json', async () => {
  const validate = await validator('report')

  it('takes a verdict', () => {
    validate(sampleConformance)
    expect(validate.errors).toBeNull()
  })

  it.each([
    ['without a part', { ...sampleConformance, tool: undefined }],
    ['with an unknown part', { ...sampleConformance, mood: 'good' }],
    ['of another version', { ...sampleConformance, schema: 1 }],
    ['with another count', { ...sampleConformance, counts: { ...sampleConformance.counts, good: 1 } }],
    ['without a count', { ...sampleConformance, counts: {} }],
    ['with half an exit status', { ...sampleConformance, exitCode: 0.5 }],
  ])('refuses a verdict %s, as the program does', (_, document) => {
    const written = JSON.parse(JSON.stringify(document)) as unknown
    expect([validate(written), conformanceSchema.safeParse(written).success]).toEqual([false, false])
  })
})
