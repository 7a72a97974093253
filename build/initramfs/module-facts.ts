// The parts that the module index is made of: the modules of a release's folder and the lists of the kernel's build
// beside them.
import { readAll, type ByteSource } from '#harness/bytes/source.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { readModuleSymbols } from '#harness/formats/modules/symbols.ts'
import { readModule } from '#harness/formats/modules/module.ts'
import { parseBuiltinModinfo, parseModulesPaths } from '#harness/formats/modules/index.ts'
import { mapInParallel } from '#harness/oci/parallel.ts'
import { BuildError } from '../build-error.ts'
import type { ModuleFacts, ModuleTree } from '../formats/modules-index.ts'

/** A kernel's modules.order has some 300 KiB, its modinfo of built-in modules some 200. */
const MAX_LIST_BYTES = 32 << 20

/** Reads every module below `folder`, a release's folder of a merged tree, links followed. Errors of the readers. */
export async function readModuleTree(tree: FileTree, folder: string): Promise<ModuleTree> {
  const files = [...tree.under(folder)]
    .map(({ path }) => ({ path: path.slice(folder.length + 1), data: tree.resolve(path)?.data }))
    .filter((file): file is { path: string; data: ByteSource } => file.data !== undefined)
  const compressed = files.find(({ path }) => /\.ko\.(gz|xz|zst)$/.test(path))
  if (compressed !== undefined)
    throw new BuildError('EXTENSION', 'expected modules as they are, as Talos ships them, got a compressed one', {
      at: compressed.data.where,
    })
  const read = async <T>(name: string, parse: (bytes: Uint8Array, where: ByteSource['where']) => T) => {
    const data = files.find(({ path }) => path === name)?.data
    return data === undefined ? undefined : parse(await readAll(data, MAX_LIST_BYTES), data.where)
  }
  const builtinInfo = await read('modules.builtin.modinfo', parseBuiltinModinfo)
  return {
    modules: await mapInParallel(
      files.filter(({ path }) => path.endsWith('.ko')),
      readFacts,
    ),
    order: await read('modules.order', parseModulesPaths),
    builtin: await read('modules.builtin', parseModulesPaths),
    builtinAliases: builtinInfo
      ?.filter(({ key }) => key === 'alias')
      .map(({ module, value }) => ({ module, alias: value })),
  }
}

async function readFacts({ path, data }: { readonly path: string; readonly data: ByteSource }): Promise<ModuleFacts> {
  const { info } = await readModule(data)
  return { path, info, ...(await readModuleSymbols(data)) }
}
