import { describe, expect, it } from 'vitest'
import { depmodLists } from './depmod.ts'

const module = (path: string, info: readonly (readonly [string, string])[] = [], exports: readonly string[] = []) => ({
  path,
  info,
  exports,
})

describe('depmodLists', () => {
  it('extracts aliases, dependencies, symbols and devices by module', () => {
    const lists = depmodLists([
      module(
        'extras/x-y.ko',
        [
          ['alias', 'block-major-147-*'],
          ['alias', 'devname:loop-control'],
          ['alias', 'char-major-10-0237'],
          ['softdep', 'pre: a'],
          ['weakdep', 'b'],
          ['license', 'GPL'],
        ],
        ['two', 'one'],
      ),
      module('kernel/a.ko'),
    ])
    expect(Object.fromEntries(lists)).toEqual({
      'modules.alias': [
        '# Aliases extracted from modules themselves.',
        'alias block-major-147-* x_y',
        'alias char-major-10-0237 x_y',
        'alias devname:loop-control x_y',
      ],
      'modules.softdep': ['# Soft dependencies extracted from modules themselves.', 'softdep x_y pre: a'],
      'modules.weakdep': ['# Weak dependencies extracted from modules themselves.', 'weakdep x_y b'],
      'modules.symbols': [
        '# Aliases for symbols, used by symbol_request().',
        'alias symbol:one x_y',
        'alias symbol:two x_y',
      ],
      'modules.devname': ['# Device nodes to trigger on-demand module loading.', 'x_y loop-control c10:237'],
    })
  })

  it('takes the module of extras where two have one name', () => {
    const sameName = [module('kernel/z.ko', [['alias', 'kernel']]), module('extras/z.ko', [['alias', 'extras']])]
    expect(depmodLists(sameName).get('modules.alias')?.slice(1)).toEqual(['alias extras z'])
    expect(depmodLists(sameName.toReversed()).get('modules.alias')?.slice(1)).toEqual(['alias extras z'])
  })

  it('leaves the list of devices empty where there is none', () => {
    const half = [module('kernel/a.ko', [['alias', 'devname:x']]), module('kernel/b.ko', [['alias', 'char-major-1-1']])]
    expect(depmodLists(half).get('modules.devname')).toEqual([])
  })
})
