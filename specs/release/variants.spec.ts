// Rules over all variants of one release: each is compared with the first.
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { MODULES_DEP } from '#harness/talos/extensions.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { must } from '../support/requirement.ts'
import type { Subject } from '../support/subject.ts'
import { test } from '../support/test.ts'

test(
  ...must('REL-001', 'the variants are different images', {
    targets: ['release'],
    scope: 'release',
    fix: 'build each variant from its own extension set: two tags on one digest are one image',
  }),
  async ({ variants, judge }) => {
    const images = await Promise.all(variants.map(({ talos }) => talos.image()))
    const digests = images.map(({ root }) => root.descriptor.digest)
    judge(new Set(digests).size, images[0]?.where ?? {}).toBe(variants.length)
  },
)

test(
  ...must('REL-002', "the variants share the kernel, the base initramfs and every common extension's layer", {
    targets: ['release'],
    scope: 'release',
    fix: 'build all variants from one lock, in one run',
  }),
  async ({ variants, judge }) => {
    const [first, ...others] = await Promise.all(variants.map(async ({ talos }) => describeParts(talos)))
    for (const [at, other] of others.entries()) {
      const common = [...(first?.keys() ?? [])].filter((name) => other.has(name))
      const say = (parts: ReadonlyMap<string, string> | undefined): readonly string[] =>
        common.map((name) => `${nameOf(variants, at + 1)}: ${name} ${parts?.get(name)}`)
      judge(say(other), {}).toEqual(say(first))
    }
  },
)

/** The variant at a place of the release, by name. */
function nameOf(variants: readonly Subject[], at: number): string {
  return variants[at]?.candidate.variant ?? `variant ${at}`
}

/** sha256 of kernel, base and each extension's layer. */
async function describeParts(talos: TalosPart): Promise<ReadonlyMap<string, string>> {
  const parts = new Map([['kernel', await sha256Hex((await talos.kernel()).source)]])
  const { base } = await talos.initramfs()
  if (base !== undefined) parts.set('base initramfs', await sha256Hex(base.data))
  for (const { metadata, image } of await (await talos.extensions()).layers())
    if (image !== undefined && metadata.name !== MODULES_DEP)
      parts.set(`extension ${metadata.name}`, await sha256Hex(image.data))
  return parts
}

test(
  ...must(
    'REL-003',
    'the variants differ only in the declared extensions and in what follows from them: extensions.yaml, module index, variant label, digests, report, checksums',
    {
      targets: ['release'],
      scope: 'release',
      fix: 'look for what only one of the builds did',
    },
  ),
  async ({ variants, contract, judge }) => {
    const [first, ...others] = await Promise.all(
      variants.map(async ({ talos }) => ({
        config: await describeConfig(talos, contract.labels.variant),
        files: await describeFiles(await talos.files(), (path) => path !== UKI_PATH),
        sections: await describeSections(talos),
        initramfs: await describeFiles(await (await talos.initramfs()).tree(), isCommon),
      })),
    )
    for (const [at, other] of others.entries()) {
      const variant = nameOf(variants, at + 1)
      judge({ variant, ...other }, {}).toEqual({ variant, ...first })
    }
  },
)

/** Folders that the initramfs has where an extension brings firmware. */
const FIRMWARE_FOLDERS: readonly string[] = ['usr', 'usr/lib', 'usr/lib/firmware']

/**
 * Files of the initramfs that no extension decides about: layers, their list, their firmware and its folders are judged
 * elsewhere.
 */
function isCommon(path: string): boolean {
  return !(
    path.endsWith('.sqsh') ||
    path === 'extensions.yaml' ||
    FIRMWARE_FOLDERS.includes(path) ||
    path.startsWith('usr/lib/firmware/')
  )
}

async function describeConfig(talos: TalosPart, variantLabel: string) {
  const { rootfs, history, config, ...rest } = await (await talos.image()).config()
  const { [variantLabel]: _, ...labels } = config?.Labels ?? {}
  return { ...rest, config: { ...config, Labels: labels }, layers: rootfs.diff_ids?.length, history: history?.length }
}

async function describeSections(talos: TalosPart): Promise<readonly string[]> {
  const { pe } = await talos.uki()
  return Promise.all(
    pe.sections.map(
      async (section) => `${section.name} ${section.name === '.initrd' ? '' : await sha256Hex(section.data())}`,
    ),
  )
}

async function describeFiles(tree: FileTree, matches: (path: string) => boolean): Promise<readonly string[]> {
  const entries = [...tree.entries()].filter(({ path }) => matches(path))
  return Promise.all(
    entries.map(async ({ path, type, mode, target, data }) =>
      [path, type, mode.toString(8), target ?? '', data === undefined ? '' : await sha256Hex(data)].join(' '),
    ),
  )
}
