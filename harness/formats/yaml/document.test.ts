import { describe, expect, it } from 'vitest'
import { FormatError } from '../../errors.ts'
import { readAll } from '../../bytes/source.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseYaml, parseYamlDocuments } from './document.ts'
import { cpuMs } from '../../testing/cpu-time.ts'

const where = { path: 'manifest.yaml' }
const bytes = (text: string) => Buffer.from(text)

function isValueOrFormatError(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch (error) {
    return error instanceof FormatError
  }
}

describe('parseYaml', () => {
  it('reads mappings, sequences, scalars, anchors and block text', () => {
    const text = 'a: &one [1, 0x10, true, null, ~, "1", yes]\nb: *one\nc: |\n  x\n  y\n'
    const list = [1, 16, true, null, null, '1', 'yes']
    expect(parseYaml(bytes(text), where)).toEqual({ a: list, b: list, c: 'x\ny\n' })
  })

  it('gives null for an empty stream', () => {
    expect(parseYaml(bytes(''), where)).toBeNull()
    expect(parseYaml(bytes('# nothing\n'), where)).toBeNull()
  })

  it('gives numbers and booleans as text where asked, null as null', () => {
    const text = 'version: 1.10\ndate: 20251021\nlist: [0x10, on, true, 1_0, .5, ~]\n'
    expect(parseYaml(bytes(text), where, { scalars: 'text' })).toEqual({
      version: '1.10',
      date: '20251021',
      list: ['0x10', 'on', 'true', '1_0', '.5', null],
    })
  })

  it('keeps a key named __proto__ a key', () => {
    const value = parseYaml(bytes('__proto__: {polluted: 1}\n'), where)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value).not.toHaveProperty('polluted')
  })

  it('reads all documents of a stream', () => {
    expect(parseYamlDocuments(bytes('a: 1\n---\nb: 2\n---\n'), where)).toEqual([{ a: 1 }, { b: 2 }, null])
  })
})

describe('parseYaml refuses', () => {
  it.each([
    ['a syntax error', 'ä: 1\nb: [1\n', 12],
    ['a duplicate key', 'ä: 1\nb: 2\nb: 3\n', 11],
    ['a duplicate key further in', 'a: [{x: 1, x: 2}]\n', 11],
    ['a collection as key', '? [1]\n: 2\n', 2],
    ['an alias inside its anchor', 'a: &x [*x]\n', 7],
    ['an alias without anchor', 'a: *x\n', undefined],
    ['a second document', 'a: 1\n---\nb: 1\n', undefined],
    ['text that is not UTF-8', '\xff', undefined],
  ])('%s', async (_, text, offset) => {
    const input = text === '\xff' ? Buffer.from([0xff]) : bytes(text)
    const error = await expectCode(() => parseYaml(input, where), FormatError, 'MALFORMED')
    expect(error.at).toEqual(offset === undefined ? where : { ...where, offset })
  })

  it.each([
    ['nesting in flow style', '['.repeat(200_000)],
    ['nesting in block style', '- '.repeat(200_000)],
    ['nesting by indentation', Array.from({ length: 2000 }, (_, n) => `${' '.repeat(n)}a:\n`).join('')],
    ['too many aliases', `a: &a 1\nb: [${'*a, '.repeat(101)}]\n`],
    [
      'a billion laughs',
      `a0: &a0 [1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(',')}]\n`).join('')}`,
    ],
    ['too many bytes', '#'.repeat((4 << 20) + 1)],
  ])('%s', async (name, text) => {
    const code = name === 'a billion laughs' ? 'MALFORMED' : 'LIMIT_EXCEEDED'
    const error = await expectCode(() => parseYaml(bytes(text), where), FormatError, code)
    expect(error.at).toMatchObject(where)
  })

  it.each([
    ['keys', (n: number) => `k${n}: 1\n`],
    ['anchors', (n: number) => `k${n}: &a${n} 1\n`],
    ['list items', () => '- a\n'],
    ['quotes', () => '"\n'],
    ['question marks', () => '? a\n'],
    ['comments', () => '#\n'],
  ])('or reads half a megabyte of %s in bounded time', (_, line) => {
    let text = ''
    for (let n = 0; text.length < 1 << 19; n++) text += line(n)
    const started = cpuMs()
    expect(isValueOrFormatError(() => parseYaml(bytes(text), where))).toBe(true)
    expect(cpuMs() - started).toBeLessThan(5000)
  })
})

const sample = `# a comment
layers:
  - image: "0.sqsh"
    metadata: &m {name: drbd, version: 9.2.14, list: [1, 2.5, true, ~]}
  - image: 1.sqsh
    metadata: *m
    text: |
      several
      lines
    folded: >-
      and
      more
`
describeHostile(
  'yaml',
  { 'document.yaml': () => bytes(sample), 'stream.yaml': () => bytes(`${sample}---\nb: 'c'\n`) },
  async (source) => parseYamlDocuments(await readAll(source, 1 << 20), source.where),
)
