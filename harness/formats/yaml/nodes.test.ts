import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { formatPlace, parseYamlNodes, placeOfOffset, type YamlNode } from './nodes.ts'

const where = { path: 'c.yaml' }
const parse = (text: string): readonly YamlNode[] => parseYamlNodes(Buffer.from(text), where)

/** `path = value @ line:column`, one a scalar. */
function flatten(node: YamlNode | undefined, path = ''): readonly string[] {
  if (node === undefined) return []
  if (node.kind === 'scalar') return [`${path} = ${node.value} @ ${node.at.line}:${node.at.column}`]
  if (node.kind === 'list') return node.items.flatMap((item, at) => flatten(item, `${path}/${at}`))
  return [...node.entries].flatMap(([key, { value }]) => flatten(value, `${path}/${key}`))
}

describe('parseYamlNodes', () => {
  it('knows line and column of each value', () => {
    expect(flatten(parse('a:\n  - x\n  - "y"\nb: {c: 1.10, d: }\ne: |\n  text\nf:\n')[0])).toEqual([
      '/a/0 = x @ 2:5',
      '/a/1 = y @ 3:5',
      '/b/c = 1.10 @ 4:8',
      '/b/d = null @ 4:17',
      '/e = text\n @ 5:4',
      '/f = null @ 7:3',
    ])
  })

  it('knows where the keys are', () => {
    const [root] = parse('a: 1\n\n  \nbc:\n  d: 2\n')
    const places = root?.kind === 'map' ? [...root.entries.values()].map(({ keyAt }) => formatPlace(keyAt)) : []
    expect(places).toEqual(['c.yaml:1:1', 'c.yaml:4:1'])
  })

  it('counts lines through all documents of a stream, and with carriage returns', () => {
    expect(parse('a: 1\r\n---\r\nb: 2\r\n').flatMap((tree) => flatten(tree))).toEqual(['/a = 1 @ 1:4', '/b = 2 @ 3:4'])
  })

  it('gives an alias the place of its anchor', () => {
    expect(flatten(parse('a: &x [1]\nb: *x\n')[0])).toEqual(['/a/0 = 1 @ 1:8', '/b/0 = 1 @ 1:8'])
  })

  it('keeps a key named __proto__ a key', () => {
    expect(flatten(parse('__proto__: 1\n')[0])).toEqual(['/__proto__ = 1 @ 1:12'])
  })

  it('refuses a merge key by its offset', async () => {
    const error = await expectCode(() => parse('a: &x {b: 1}\nc:\n  <<: *x\n'), FormatError, 'UNSUPPORTED')
    expect(error.at).toEqual({ ...where, offset: 18 })
  })

  it.each([
    ['MALFORMED', 'a: [1\n'],
    ['MALFORMED', 'a: 1\na: 2\n'],
    ['LIMIT_EXCEEDED', '['.repeat(1000)],
  ])('gives the errors of the reader behind it: %s', async (code, text) => {
    const error = await expectCode(() => parse(text), FormatError, code as 'MALFORMED')
    expect(error.at).toMatchObject(where)
  })

  it('refuses a billion laughs', async () => {
    const lines = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(',')}]\n`)
    const error = await expectCode(() => parse(`a0: &a0 [1]\n${lines.join('')}`), FormatError, 'MALFORMED')
    expect(error.at).toEqual(where)
  })
})

describe('placeOfOffset', () => {
  it('counts bytes in and characters out', () => {
    expect(placeOfOffset(Buffer.from('ä: 1\nö: [\n'), 10, 'c.yaml')).toEqual({ path: 'c.yaml', line: 2, column: 4 })
  })
})

describeHostile(
  'yaml nodes',
  { 'config.yaml': () => Buffer.from('a: &x\n  - b: "1"\n    c: |\n      t\ng: *x\n---\nd: [1, {e: f}]\n') },
  async (source) => parseYamlNodes(await readAll(source, 1 << 20), source.where).map((tree) => flatten(tree)),
)
