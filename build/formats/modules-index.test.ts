import { describe, expect, it } from 'vitest'
import { FormatError } from '#harness/errors.ts'
import { encodeIndex } from './modules-index-binary.ts'
import { encodeModulesIndexes, toModuleName, type ModuleFacts, type ModuleTree } from './modules-index.ts'

function module(path: string, more: Partial<ModuleFacts> = {}): ModuleFacts {
  return { path, info: [], exports: [], imports: [], ...more }
}

function text(tree: ModuleTree, name: string): string {
  return Buffer.from(encodeModulesIndexes(tree).get(name) ?? Buffer.from('none')).toString('latin1')
}

function codeOf(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error instanceof FormatError ? error.code : error
  }
}

const alias = (value: string) => ['alias', value] as const
const zfs = module('extras/zfs.ko', {
  imports: ['spl_alloc', 'printk'],
  info: [alias('devname:zfs'), ['license', 'CDDL'], alias('char-major-10-249'), ['softdep', 'post: zfs-helper']],
})
const spl = module('extras/spl.ko', { exports: ['spl_alloc', 'spl_free'], imports: ['crc'] })
const crc = module('kernel/lib/crc-x.ko', { exports: ['crc'], info: [alias('crypto-[a-z]-x'), alias('broken]')] })

describe('encodeModulesIndexes', () => {
  it('writes modules.dep in the order of modules.order, the rest by path, dependencies before what they use', () => {
    const order = ['kernel/lib/crc-x.ko', 'kernel/not/there.ko', 'extras/zfs.ko']
    expect(text({ modules: [zfs, spl, crc], order }, 'modules.dep')).toBe(
      'kernel/lib/crc-x.ko:\nextras/zfs.ko: extras/spl.ko kernel/lib/crc-x.ko\nextras/spl.ko: kernel/lib/crc-x.ko\n',
    )
  })

  it('writes aliases, soft dependencies, symbols and devices', () => {
    const tree = { modules: [zfs, spl, crc] }
    expect(text(tree, 'modules.alias')).toBe(
      '# Aliases extracted from modules themselves.\n' +
        'alias devname:zfs zfs\nalias char-major-10-249 zfs\nalias crypto-[a-z]-x crc_x\nalias broken] crc_x\n',
    )
    expect(text(tree, 'modules.softdep')).toBe(
      '# Soft dependencies extracted from modules themselves.\nsoftdep zfs post: zfs-helper\n',
    )
    expect(text(tree, 'modules.weakdep')).toBe('# Weak dependencies extracted from modules themselves.\n')
    expect(text(tree, 'modules.symbols')).toBe(
      '# Aliases for symbols, used by symbol_request().\n' +
        'alias symbol:crc crc_x\nalias symbol:spl_alloc spl\nalias symbol:spl_free spl\n',
    )
    expect(text(tree, 'modules.devname')).toBe('# Device nodes to trigger on-demand module loading.\nzfs zfs c10:249\n')
  })

  it('writes nothing of devices and built-in modules where there are none', () => {
    for (const name of ['modules.devname', 'modules.builtin.bin', 'modules.builtin.alias.bin'])
      expect(text({ modules: [spl] }, name), name).toBe('')
  })

  it('prefers extras to the kernel, then the first path', () => {
    const modules = [module('kernel/b/nbd.ko'), module('kernel/a/nbd.ko'), module('extras/nbd.ko')]
    expect(text({ modules }, 'modules.dep')).toBe('extras/nbd.ko:\n')
    expect(text({ modules: modules.slice(0, 2) }, 'modules.dep')).toBe('kernel/a/nbd.ko:\n')
  })

  it('refuses modules that need each other', () => {
    const a = module('a.ko', { exports: ['a'], imports: ['b'] })
    const b = module('b.ko', { exports: ['b'], imports: ['a'] })
    expect(codeOf(() => encodeModulesIndexes({ modules: [a, b, crc] }))).toBe('MALFORMED')
  })

  it('refuses more modules than depmod counts, and lines of modules.builtin that are no paths', () => {
    const many = Array.from({ length: 0x10000 }, (_, n) => module(`${n}.ko`))
    expect(codeOf(() => encodeModulesIndexes({ modules: many }))).toBe('LIMIT_EXCEEDED')
    expect(codeOf(() => encodeModulesIndexes({ modules: [], builtin: ['#'] }))).toBe('MALFORMED')
  })
})

describe('toModuleName', () => {
  it.for([
    ['kernel/drivers/md/dm-thin-pool.ko', 'dm_thin_pool'],
    ['x.ko.xz', 'x'],
    ['x', 'x'],
  ] as const)('%s is %s', ([path, name]) => expect(toModuleName(path)).toBe(name))
})

describe('encodeIndex', () => {
  const hex = (entries: Parameters<typeof encodeIndex>[0]) => Buffer.from(encodeIndex(entries)).toString('hex')
  const header = 'b007f45700020001'

  it('writes no node but the root for no keys', () => {
    expect(hex([])).toBe(`${header}0000000c`)
  })

  it('merges a node with its only child, children first, the root last', () => {
    // `on` → b, `once` → c: leaf c "e" under o "n"
    const leaf = `6500${'00000001'}${'00000002'}6300` // 0xc: prefix e, one value, priority 2, c
    const node = `6e00${'6363'}${'c000000c'}${'00000001'}${'00000000'}6200` // 0x18: prefix n, child c, one value, b
    const root = `6f6f${'e0000018'}` // 0x2a: child o
    expect(
      hex([
        { key: 'once', value: 'c', priority: 2 },
        { key: 'on', value: 'b', priority: 0 },
      ]),
    ).toBe(`${header}2000002a${leaf}${node}${root}`)
  })

  it('sorts values by priority, of equal ones the later first', () => {
    const entries = [2, 1, 1].map((priority, at) => ({ key: '', value: String(at), priority }))
    expect(hex(entries)).toBe(`${header}4000000c00000003000000013200000000013100000000023000`)
  })

  it('refuses text beyond ASCII and long keys', () => {
    const entry = (key: string, value = '') => [{ key, value, priority: 0 }]
    expect(codeOf(() => encodeIndex(entry('ä')))).toBe('UNSUPPORTED')
    expect(codeOf(() => encodeIndex(entry('a', '\0')))).toBe('UNSUPPORTED')
    expect(codeOf(() => encodeIndex(entry('a'.repeat(1024))))).toBe('LIMIT_EXCEEDED')
    const nested = Array.from({ length: 1023 }, (_, n) => ({ key: 'a'.repeat(n + 1), value: '', priority: 0 }))
    expect(encodeIndex(nested).length).toBeGreaterThan(1023)
  })
})
