// The lists that modprobe goes by: kmod's modules.dep(5) and the binary indexes beside it.
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { dependencyFindings, indexFindings } from './indexes.ts'
import { broughtFindings, listFindings, modeFindings } from './lists.ts'

test(
  ...must(
    'MOD-003',
    '`modules.dep` covers exactly the modules of base and extensions (as a set), and has each load what it needs, in that order, and nothing else',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-005'],
      fix: 'let imager make the index over base and all extensions, in the build that appends them',
    },
  ),
  async ({ modules, judge }) => {
    judge(await dependencyFindings(modules), modules.where).toEqual([])
  },
)

test(
  ...must(
    'MOD-004',
    'the binary indexes are as depmod writes them of their text, bytes and priorities: dep, alias, symbols, builtin, builtin.alias (0 bytes where there is no text; the order of modules outside `modules.order` is free)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['MOD-003'],
      fix: 'write text and binary indexes in one run of depmod: modprobe reads the binary ones',
    },
  ),
  async ({ modules, judge }) => {
    judge(await indexFindings(modules), modules.where).toEqual([])
  },
)

test(
  ...must(
    'MOD-010',
    '`modules.alias`, `.symbols`, `.softdep`, `.weakdep` and `.devname` say what the modules themselves say (the order of lines is free)',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['MOD-003', 'MOD-004', 'ROOT-002'],
      fix: 'let imager make the index over base and all extensions: a module whose alias is missing never loads by itself',
    },
  ),
  async ({ modules, judge }) => {
    judge(await listFindings(modules), modules.where).toEqual([])
  },
)

test(
  ...must(
    'MOD-011',
    'the index holds what depmod writes and the lists that base and extensions bring, nothing else, files 0644 and folders 0755',
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['MOD-003', 'MOD-004', 'MOD-010'],
      fix: 'let imager make the index over base and all extensions, in the build that appends them',
    },
  ),
  async ({ modules, extensions, judge }) => {
    const layer = await (await extensions.images.get(`${MODULES_DEP}.sqsh`)?.squashfs())?.tree()
    const modes = layer === undefined ? [] : modeFindings([...layer.under('')])
    judge([...(await broughtFindings(modules)), ...modes], modules.where).toEqual([])
  },
)
