// The description of a release, or of an image: the same value from upstream's parts and from an image made of them.
import { FormatError } from '../../errors.ts'
import { fileIn } from '../../fs/file-in.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import type { Uki } from '../../formats/uki/uki.ts'
import { readUki } from '../../formats/uki/uki.ts'
import { MODULES_DEP } from '../extensions.ts'
import { SYSTEMD_BOOT_PATH, UKI_PATH } from '../installer.ts'
import type { TalosPart } from '../part.ts'
import { CAPABILITY_NAMES, quirksOf, type Capability, type Quirks } from '../quirks.ts'
import { describeBoot } from './boot.ts'
import { describeExtension } from './extension.ts'
import { sortBy, type BootDescription, type ExtensionDescription, type UkiDescription } from './schema.ts'

/** The capabilities of a release by quirks.ts, and which of them are not known. */
export type CapabilityDescription = {
  readonly known: Readonly<Partial<Quirks>>
  readonly unknown: readonly Capability[]
}

export type Description = {
  readonly talos?: string
  readonly boot: BootDescription
  readonly uki?: UkiDescription
  /** Extensions by name. */
  readonly extensions: readonly ExtensionDescription[]
  readonly capabilities: CapabilityDescription
}

/** Describes what upstream does at a release; never throws. */
export function describeCapabilities(talos: string): CapabilityDescription {
  const quirks = quirksOf(talos)
  const known: Record<string, unknown> = {}
  const unknown: Capability[] = []
  for (const name of CAPABILITY_NAMES)
    try {
      known[name] = quirks[name]
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      unknown.push(name)
    }
  return { known: known as Partial<Quirks>, unknown }
}

/** The description of an installer image's tree. NotFoundError where it has no UKI; errors of `readUki`. */
export async function describeInstaller(tree: FileTree): Promise<UkiDescription> {
  return describeUki(await readUki(await fileIn(tree, UKI_PATH)))
}

async function describeUki(uki: Uki): Promise<UkiDescription> {
  const commandLine = await uki.text('.cmdline')
  return {
    ...(commandLine !== undefined && { commandLine }),
    sections: uki.appended.map(({ name }) => name),
  }
}

/**
 * An installer image, a boot medium or an asset tree, which has no UKI. Errors of its readers: of a part that conforms there
 * are none.
 */
export async function describeImage(part: TalosPart): Promise<Description> {
  const talos = await part.claimedTalos()
  const files = await part.files()
  const [program, boot] = [files.get(UKI_PATH)?.data, files.get(SYSTEMD_BOOT_PATH)?.data]
  const uki = await ukiOf(part)
  const stub = program ?? uki?.source
  const extensions: ExtensionDescription[] = []
  for (const { metadata, image } of await (await part.extensions()).layers()) {
    const tree = await (await image?.squashfs())?.tree()
    if (tree !== undefined && metadata.name !== MODULES_DEP) extensions.push(await describeExtension(metadata, tree))
  }
  const commandLine = uki === undefined ? await part.commandLine() : undefined
  return {
    ...(talos !== undefined && { talos }),
    boot: await describeBoot({
      kernel: await part.kernel(),
      tree: await (await part.rootfs()).tree(),
      ...(stub && { stub }),
      ...(boot && { boot }),
    }),
    ...(uki !== undefined && { uki: await describeUki(uki) }),
    ...(commandLine !== undefined && { uki: { commandLine, sections: [] } }),
    extensions: sortBy(extensions, ({ name }) => name),
    capabilities: describeCapabilities(talos ?? 'an unknown version'),
  }
}

/** The UKI; undefined for an asset tree, whose files are beside each other. */
async function ukiOf(part: TalosPart): Promise<Uki | undefined> {
  try {
    return await part.uki()
  } catch (error) {
    if (error instanceof FormatError && error.code === 'UNSUPPORTED') return undefined
    throw error
  }
}
