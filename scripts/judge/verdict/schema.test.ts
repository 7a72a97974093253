import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { conformanceSchema } from './conformance.ts'
import { ROOT } from '../../root.ts'
import { sampleConformance } from '../../testing/sample-conformance.ts'
import { formatSchema, SCHEMA_PATH } from './schema.ts'

describe('conformance.schema.json', async () => {
  const committed = await readFile(join(ROOT, SCHEMA_PATH), 'utf8')
  const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(committed) as object)

  it('is what npm run schema writes', () => {
    expect(committed).toBe(formatSchema())
  })

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
