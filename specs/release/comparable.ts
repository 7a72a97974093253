// An installer image in words that do not depend on what it was built for: what of it can be held against CozyStack's
// own, which is for another architecture, and what may differ, with the reason. What is left out here has rules of its
// own: kernel, base initramfs and systemd-boot are upstream's bytes (KRN-005, INI-002, INS-004), extensions are the
// contract's (EXT), programs are for arm64 (INS-003, INS-005), and layers, history and times are how an image was made.
import { sha256Hex } from '#harness/bytes/digest.ts'
import { parseCmdline } from '#harness/formats/uki/cmdline.ts'
import type { Uki } from '#harness/formats/uki/uki.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import type { Architecture } from '#harness/oci/image/selection.ts'
import type { ImageConfig } from '#harness/oci/image/schemas.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import type { Quirks } from '#harness/talos/quirks.ts'
import { LOCK_LABEL, overlayArguments, type Contract } from '../contract/contract.ts'

const OCI = 'org.opencontainers.image'
/** OCI-009 judges these: only what is built for this contract has them, and upstream's `source` is not ours. */
const OWN_LABELS = ['title', 'description', 'source', 'revision', 'version', 'base.name', 'base.digest'].map(
  (name) => `${OCI}.${name}`,
)

/** The names of an architecture in paths: Talos' folder of boot files, and musl's dynamic loader. */
const NAMES: Readonly<Record<Architecture, RegExp>> = { arm64: /arm64|aarch64/g, amd64: /amd64|x86_64/g }

/** GRUB's modules: other ones for each firmware and processor (BIOS and EFI on amd64, EFI alone on arm64). */
const GRUB_MODULES = 'usr/lib/grub/'
/** A board's overlay, where the contract declares one: INS-014 judges it. */
const OVERLAY = 'overlay/'

/** The folder whose contents are compared too: texts, the same on every machine. Programs never are. */
const CONFIGURATION = 'etc/'

/**
 * The boot splash is inside imager's own program and published nowhere, so that what is built without imager has none.
 */
const SPLASH = '.splash'
/** imager reads the kernel's version off an amd64 kernel; for arm64 it has it for its own release only. */
const UNAME = '.uname'
/** Additional sections of a SecureBoot image: the key and the signatures of measurements. */
const MEASUREMENTS = ['.pcrpkey', '.pcrsig']

/** The serial console has another name on each architecture. */
const CONSOLE = 'console'

export type Allowed = {
  readonly labels: ReadonlySet<string>
  readonly sections: ReadonlySet<string>
  /** Names of kernel arguments. */
  readonly parameters: ReadonlySet<string>
  /** Beginnings of paths. */
  readonly folders: readonly string[]
}

export function allowedDifferences(contract: Contract, quirks: Pick<Quirks, 'secureBootArguments'>): Allowed {
  const { labels, secureBoot, extraKernelArguments, overlays } = contract
  return {
    folders: [GRUB_MODULES, ...(overlays === undefined ? [] : [OVERLAY])],
    labels: new Set([...OWN_LABELS, labels.variant, LOCK_LABEL]),
    sections: new Set([SPLASH, UNAME, ...(secureBoot ? MEASUREMENTS : [])]),
    parameters: new Set([
      CONSOLE,
      // One that takes a default away has a dash before it.
      ...extraKernelArguments.map((text) => nameOf(text.replace(/^-/, ''))),
      ...overlayArguments(contract).map(nameOf),
      ...(secureBoot ? quirks.secureBootArguments.map(nameOf) : []),
    ]),
  }
}

/** Errors of the parts. */
export async function describeInstaller(installer: TalosPart, architecture: Architecture, allowed: Allowed) {
  const uki = await installer.uki()
  const commandLine = parseCmdline((await uki.text('.cmdline')) ?? '')
  return {
    config: describeConfig(await (await installer.image()).config(), allowed),
    files: await describeFiles(await installer.files(), architecture, allowed),
    sections: uki.appended.map(({ name }) => name).filter((name) => !allowed.sections.has(name)),
    profiles: await describeProfiles(uki, commandLine.length),
    commandLine: commandLine.filter((text) => !allowed.parameters.has(nameOf(text))),
  }
}

/** Describes a config, in which empty fields are as good as absent: imager, in Go, leaves them out. */
function describeConfig({ os, author, config }: ImageConfig, allowed: Allowed): Readonly<Record<string, unknown>> {
  const { Labels: labels, ...rest } = config ?? {}
  const Labels = Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => !allowed.labels.has(name)))
  return Object.fromEntries(Object.entries({ os, author, ...rest, Labels }).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === null || value === '' || value === false
}

/** A line for each path, sorted. */
async function describeFiles(
  tree: FileTree,
  architecture: Architecture,
  { folders }: Allowed,
): Promise<readonly string[]> {
  const entries = [...tree.entries()].filter(({ path }) => !folders.some((folder) => path.startsWith(folder)))
  return (await Promise.all(entries.map((entry) => describeFile(entry, architecture)))).toSorted()
}

async function describeFile(entry: FileEntry, architecture: Architecture): Promise<string> {
  const { path, type, mode, uid, gid, target, data } = entry
  const named = [path, target].map((text) => text?.replace(NAMES[architecture], '<architecture>'))
  const content = data !== undefined && path.startsWith(CONFIGURATION) ? await sha256Hex(data) : undefined
  return [named[0], type, mode.toString(8), `${uid}:${gid}`, named[1], content].filter(Boolean).join(' ')
}

/** `mainLength` arguments of each command line are those of the main profile. */
function describeProfiles({ profiles }: Uki, mainLength: number) {
  return Promise.all(
    profiles.map(async (profile) => ({
      id: profile.id,
      title: profile.title,
      appends: parseCmdline((await profile.text('.cmdline')) ?? '').slice(mainLength),
    })),
  )
}

function nameOf(argument: string): string {
  return argument.replace(/=.*$/s, '')
}
