// Describes what boots: kernel, root filesystem, EFI programs.
import { posix } from 'node:path'
import { sha256Hex } from '../../bytes/digest.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { kernelReleaseOf } from '../../formats/kernel/kernel-config.ts'
import { moduleName, parseModulesAlias } from '../../formats/modules/index.ts'
import { readPe } from '../../formats/uki/pe.ts'
import type { Kernel } from '../kernel.ts'
import { MODULES_FOLDER } from '../modules.ts'
import { readSpdx } from '../spdx.ts'
import { sortBy, type BootDescription, type DescribedModule, type DescribedPackage } from './schema.ts'

export type BootParts = {
  readonly kernel: Kernel
  /** The root filesystem's. */
  readonly tree: FileTree
  /** systemd-stub.efi or a UKI made of it; systemd-boot.efi. */
  readonly stub?: ByteSource
  readonly boot?: ByteSource
}

const INIT = 'usr/bin/init'
const SPDX = 'usr/share/spdx/talos-arm64.spdx.json'
const MAX_INDEX_BYTES = 32 << 20
const MAX_SPDX_BYTES = 64 << 20
/** `#### LoaderInfo: systemd-stub 257.7-talos ####` */
const MAGIC_SECTION = '.sdmagic'
const MAX_MAGIC_BYTES = 256

/** Errors of the readers of kernel, root filesystem and PE files. */
export async function describeBoot({ kernel, tree, stub, boot }: BootParts): Promise<BootDescription> {
  const stubVersion = stub && (await readSystemdVersion(stub))
  const bootVersion = boot && (await readSystemdVersion(boot))
  return {
    kernel: await describeKernel(kernel),
    systemd: {
      ...(stubVersion !== undefined && { stub: stubVersion }),
      ...(bootVersion !== undefined && { boot: bootVersion }),
    },
    modules: await describeModules(tree),
    rootfs: {
      paths: pathsOf(tree),
      aliases: await describeAliases(tree),
      packages: await describePackages(tree, SPDX),
    },
  }
}

async function describeKernel(kernel: Kernel): Promise<BootDescription['kernel']> {
  const banner = await kernel.banner()
  const compiler = /^Linux version \S+ \([^)]*\) \((.*)\) #/.exec(banner ?? '')?.[1]
  const options = [...((await kernel.config()) ?? [])].flatMap(([option, value]) =>
    value === 'n' ? [] : [[option.replace(/^CONFIG_/, ''), value] as const],
  )
  return {
    ...(banner !== undefined && { release: kernelReleaseOf(banner) }),
    ...(compiler !== undefined && { compiler }),
    options: Object.fromEntries(sortBy(options, ([option]) => option)),
  }
}

async function readSystemdVersion(program: ByteSource): Promise<string | undefined> {
  const section = (await readPe(program)).sections.find(({ name }) => name === MAGIC_SECTION)
  if (section === undefined) return undefined
  const text = Buffer.from(await program.read(section.offset, Math.min(section.rawSize, MAX_MAGIC_BYTES)))
  return /LoaderInfo: systemd-\w+ (\d[\w.~]*)/.exec(text.toString('latin1'))?.[1]
}

/** The modules of every release in the tree, with the aliases of its modules.alias. */
async function describeModules(tree: FileTree): Promise<readonly DescribedModule[]> {
  const aliases = new Map<string, Set<string>>()
  const modules: { name: string; path: string }[] = []
  for (const { path, data } of tree.under(MODULES_FOLDER)) {
    const [, , , , ...below] = path.split('/')
    if (data !== undefined && path.endsWith('.ko')) modules.push({ name: moduleName(path), path: below.join('/') })
    if (data === undefined || below.join('/') !== 'modules.alias') continue
    for (const { alias, module } of parseModulesAlias(await readAll(data, MAX_INDEX_BYTES), data.where)) {
      const own = aliases.get(moduleName(module)) ?? new Set()
      aliases.set(moduleName(module), own.add(alias))
    }
  }
  return sortBy(
    modules.map((module) => ({ ...module, aliases: sortBy(aliases.get(module.name) ?? [], String) })),
    ({ path }) => path,
  )
}

function pathsOf(tree: FileTree): readonly string[] {
  const paths = [...tree.entries()].flatMap(({ path }) =>
    path === '' || path.startsWith(`${MODULES_FOLDER}/`) ? [] : [path],
  )
  return sortBy(paths, String)
}

/** A squashfs does not say which files are links of each other: the same bytes under another name are taken for one. */
async function describeAliases(tree: FileTree): Promise<BootDescription['rootfs']['aliases']> {
  const init = tree.get(INIT)?.data
  const [hardLinks, symbolicLinks]: [string[], string[]] = [[], []]
  for (const { path, type, data, target } of tree.under(posix.dirname(INIT))) {
    if (path === INIT) continue
    if (type === 'symlink' && target === posix.basename(INIT)) symbolicLinks.push(posix.basename(path))
    if (data !== undefined && data.size === init?.size && (await sha256Hex(data)) === (await sha256Hex(init)))
      hardLinks.push(posix.basename(path))
  }
  return { hardLinks: sortBy(hardLinks, String), symbolicLinks: sortBy(symbolicLinks, String) }
}

/** The packages of an SPDX document; none where there is no such file. */
export async function describePackages(tree: FileTree, path: string): Promise<readonly DescribedPackage[]> {
  const data = tree.get(path)?.data
  if (data === undefined) return []
  const { packages } = await readSpdx(data, MAX_SPDX_BYTES)
  const described = packages.map(({ name, versionInfo = '' }) => ({ name, version: versionInfo }))
  return sortBy(described, ({ name, version }) => `${name} ${version}`)
}
