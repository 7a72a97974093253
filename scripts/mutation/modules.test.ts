import { describe, expect, it } from 'vitest'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import { importersOf, parseModule, readModules, servedRules, type Module } from './modules.ts'

const SPEC = `import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { readAll } from '#harness/bytes/source.ts'
import { list as listed } from './helper.ts'
const NAME = 'a'
test(...must('OCI-001', 's', {}), async () => own())
test(...must('OCI-002', 's', {}), async () => listed())
function own() { return NAME }
`
const HELPER = `export function list() { return deep() }
function deep() { return 1 }
export const unused = 1
`

function modulesOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, Module> {
  return new Map(Object.entries(files).map(([file, text]) => [file, parseModule(file, text)]))
}

describe('servedRules', () => {
  const modules = modulesOf({ 'specs/oci/a.spec.ts': SPEC, 'specs/oci/helper.ts': HELPER })
  const served = servedRules(modules)
  const rulesOf = (file: string, name: string): readonly string[] => {
    const statement = modules.get(file)?.statements.find(({ declares }) => declares.includes(name))
    const rules = statement && served.get(statement)
    return [...(rules?.values() ?? [])].flatMap((ids) => [...ids])
  }

  it('follows names within a file and into helpers', () => {
    expect(rulesOf('specs/oci/a.spec.ts', 'NAME')).toEqual(['OCI-001'])
    expect(rulesOf('specs/oci/helper.ts', 'deep')).toEqual(['OCI-002'])
  })

  it('has nothing for what no rule uses', () => {
    expect(rulesOf('specs/oci/helper.ts', 'unused')).toEqual([])
  })

  it('knows where imports of specs are, and passes over others', () => {
    const imports = modules.get('specs/oci/a.spec.ts')?.imports ?? []
    expect(imports.map(({ file }) => file)).toEqual([
      'specs/support/requirement.ts',
      'specs/support/test.ts',
      undefined,
      'specs/oci/helper.ts',
    ])
    expect(imports.map(({ start, end }) => SPEC.slice(start, end)).at(-1)).toBe('./helper.ts')
  })
})

describe('readModules', () => {
  it('reads every spec and helper, and leaves data aside', async () => {
    const { requirements } = await loadRuleIndex()
    const specs = new Set(requirements.map(({ file }) => file))
    const modules = await readModules(ROOT, [...specs])
    expect([...modules.keys()]).toEqual(expect.arrayContaining([...specs]))
    const ids = [...modules.values()].flatMap(({ statements }) => statements.flatMap((one) => one.ids))
    expect(new Set(ids)).toEqual(new Set(requirements.map(({ id }) => id)))
  })
})

describe('importersOf', () => {
  it('names all files from which one is reached, and that one', () => {
    const modules = modulesOf({
      'specs/a.spec.ts': "import { b } from './b.ts'",
      'specs/b.ts': "import { c } from '#specs/c.ts'",
      'specs/c.ts': 'export const c = 1',
      'specs/d.spec.ts': 'export const d = 1',
    })
    expect(importersOf(modules, 'specs/c.ts')).toEqual(['specs/c.ts', 'specs/b.ts', 'specs/a.spec.ts'])
  })
})
