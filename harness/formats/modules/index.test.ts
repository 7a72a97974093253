import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import {
  entriesOfIndex,
  entriesOfText,
  moduleName,
  parseBuiltinModinfo,
  parseModulesAlias,
  parseModulesDep,
  parseModulesPaths,
} from './index.ts'
import { cpuMs } from '../../testing/cpu-time.ts'

const where = { path: 'modules.sqsh!modules.list' }
const bytes = (text: string) => Buffer.from(text)

const entries = (...args: Parameters<typeof entriesOfText>) => Object.fromEntries(entriesOfText(...args))

it.each([
  ['extras/drbd_transport_lb-tcp.ko', 'drbd_transport_lb_tcp'],
  ['kernel/net/a.b.ko.zst', 'a'],
  ['dm-mod', 'dm_mod'],
])('names the module of %s', (path, name) => {
  expect(moduleName(path)).toBe(name)
})

describe('the text lists', () => {
  it('modules.dep', () => {
    expect(parseModulesDep(bytes('extras/zfs.ko: extras/spl.ko kernel/a.ko\n\nextras/spl.ko:\n'), where)).toEqual([
      { path: 'extras/zfs.ko', dependencies: ['extras/spl.ko', 'kernel/a.ko'] },
      { path: 'extras/spl.ko', dependencies: [] },
    ])
  })

  it('modules.alias and modules.symbols', () => {
    const text = '# Aliases\nalias pci:v-d* drbd\nalias of:N x T zfs\nalias symbol:spl_a spl'
    expect(parseModulesAlias(bytes(text), where)).toEqual([
      { alias: 'pci:v-d*', module: 'drbd' },
      { alias: 'of:N x T', module: 'zfs' },
      { alias: 'symbol:spl_a', module: 'spl' },
    ])
  })

  it('modules.order and modules.builtin', () => {
    expect(parseModulesPaths(bytes('kernel/a.ko\nkernel/b.ko\n'), where)).toEqual(['kernel/a.ko', 'kernel/b.ko'])
  })

  it('modules.builtin.modinfo', () => {
    expect(parseBuiltinModinfo(bytes('a.alias=fs-x\0a.parm=p:t=1\nsecond\0b.author=ä\0'), where)).toEqual([
      { module: 'a', key: 'alias', value: 'fs-x' },
      { module: 'a', key: 'parm', value: 'p:t=1\nsecond' },
      { module: 'b', key: 'author', value: 'ä' },
    ])
  })

  it('all may be empty', () => {
    const parsers = [parseModulesDep, parseModulesAlias, parseModulesPaths]
    expect([...parsers, parseBuiltinModinfo].map((parse) => parse(bytes(''), where).length)).toEqual([0, 0, 0, 0])
  })
})

describe('malformed lists', () => {
  it.each([
    ['modules.dep', parseModulesDep, 'a.ko:\nb.ko\n', 6],
    ['modules.dep without a path', parseModulesDep, ': a.ko\n', 0],
    ['modules.alias', parseModulesAlias, '#\nalias x\n', 2],
    ['modules.order', parseModulesPaths, 'a\nb c\n', 2],
    ['modules.builtin.modinfo', parseBuiltinModinfo, 'a.b=c\0a.b\0', 6],
  ])('%s', async (_, parse, text, offset) => {
    const error = await expectCode(() => parse(bytes(text), where), FormatError, 'MALFORMED')
    expect(error.at).toEqual({ ...where, offset })
  })

  it('too long', async () => {
    const error = await expectCode(
      () => parseModulesDep(new Uint8Array((32 << 20) + 1), where),
      FormatError,
      'LIMIT_EXCEEDED',
    )
    expect(error.at).toEqual(where)
  })
})

describe('entriesOfText', () => {
  it('gives the index of each kind', () => {
    expect(entries('dep', bytes('extras/lb-tcp.ko: extras/drbd.ko\n'), where)).toEqual({
      lb_tcp: ['extras/lb-tcp.ko: extras/drbd.ko'],
    })
    expect(entries('symbols', bytes('alias symbol:a-b zfs\n'), where)).toEqual({ 'symbol:a-b': ['zfs'] })
    expect(entries('builtin', bytes('kernel/fs/b-c.ko\n'), where)).toEqual({ b_c: [''] })
    expect(entries('builtin.alias', bytes('a.alias=fs-x\0a.license=GPL\0'), where)).toEqual({ fs_x: ['a'] })
  })

  it('replaces dashes outside brackets and leaves out unmatched ones', () => {
    const text = ['a-b[c-d]-e[-]', 'a]', '[a', 'a[b]]', '[[-]-', '-'].map((alias) => `alias ${alias} m-x\n`).join('')
    expect(entries('alias', bytes(text), where)).toEqual({ 'a_b[c-d]_e[-]': ['m-x'], '[[-]_': ['m-x'], _: ['m-x'] })
  })

  it('sorts values and keeps what is said twice, as of a binary index', () => {
    const text = 'alias a z\nalias a b\nalias a b\n'
    const index = new Map([['a', ['b', 'z', 'b'].map((value, priority) => ({ value, priority }))]])
    expect(entries('alias', bytes(text), where)).toEqual({ a: ['b', 'b', 'z'] })
    expect(entriesOfIndex(index)).toEqual(entriesOfText('alias', bytes(text), where))
  })

  it('takes a line of brackets in bounded time', () => {
    const started = cpuMs()
    expect(entriesOfText('alias', bytes(`alias ${'['.repeat(1 << 20)} m\n`), where).size).toBe(0)
    expect(cpuMs() - started).toBeLessThan(1000)
  })
})

describeHostile(
  'modules list',
  { 'modules.dep': () => bytes('extras/zfs.ko: extras/spl.ko\nextras/spl.ko:\n') },
  async (source) => entriesOfText('dep', await readAll(source, 1 << 20), source.where),
)
describeHostile(
  'modules aliases',
  { 'modules.alias': () => bytes('# x\nalias a-[b]* c\nalias d e\n') },
  async (source) => entriesOfText('alias', await readAll(source, 1 << 20), source.where),
)
