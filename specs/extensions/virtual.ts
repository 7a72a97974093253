// Differences of a virtual extension from those that Image Factory and imager make: siderolabs/image-factory
// internal/artifacts/schematic.go; siderolabs/talos pkg/imager/embed.go. Author and description are free. Of the module
// index, which imager makes too (internal/pkg/extensions/kernel_modules.go v1.11.0 … v1.14.0-rc.1), here is what
// extensions.yaml says of it: its files are the rules' of modules.
import { createHash } from 'node:crypto'
import { sha256Hex } from '#harness/bytes/digest.ts'
import type { FileEntry, FileTree } from '#harness/fs/file-tree.ts'
import { labelsOf } from '#harness/talos/extension/labels.ts'
import type { ExtensionMetadata } from '#harness/talos/extension/extension.ts'
import { MODULES_FOLDER } from '#harness/talos/modules.ts'

/** `usr/local/share/schematic/<id>`: an empty file, the id being the sha256 of the schematic. */
const SCHEMATIC_FOLDER = 'usr/local/share/schematic'
/** The machine configuration; the version is its sha256. */
export const EMBEDDED_CONFIGURATION = 'usr/local/etc/talos/config.yaml'
const CONSTRAINT = '>= 1.0.0'
/** constants.StateSelinuxLabel: as imager hands it to mksquashfs, without NUL. */
const CONFIGURATION_LABEL = 'system_u:object_r:system_state_t:s0'
const FOLDER_MODE = 0o755
const MARK_MODE = 0o644

export type VirtualLayer = { readonly metadata: ExtensionMetadata; readonly tree: FileTree }

/** Names in place of what no image of an extension brings. */
export const VIRTUAL_NAMES = ['schematic', 'embedded-config'] as const

/** `mode` is that of an embedded configuration in this release; undefined where there is none. */
export async function virtualFindings(
  { metadata, tree }: VirtualLayer,
  mode: number | undefined,
): Promise<readonly string[]> {
  const { name, version, compatibility } = metadata
  const path = name === 'schematic' ? `${SCHEMATIC_FOLDER}/${version}` : EMBEDDED_CONFIGURATION
  const findings = [...listFindings(tree, path)]
  const labels = name === 'schematic' ? [] : [`${EMBEDDED_CONFIGURATION}\0${CONFIGURATION_LABEL}`]
  if (String(labelsOf(tree)) !== String(labels))
    findings.push(`expected ${labels.length === 0 ? 'no label' : `the label ${CONFIGURATION_LABEL} and no other`}`)
  const range = compatibility.talos.version
  if (range !== CONSTRAINT) findings.push(`expected it to be for Talos ${CONSTRAINT}, got ${JSON.stringify(range)}`)
  const file = tree.get(path)
  findings.push(
    ...(name === 'schematic' ? schematicFindings(metadata, file) : await configFindings(metadata, file, mode)),
  )
  return findings.map((what) => `${name}: ${what}`)
}

/** The one entry of extensions.yaml that no manifest of an extension gives. */
const INDEX = {
  author: 'Talos Machinery',
  description: 'Combined modules.dep for all extensions',
  compatibility: '',
  extraInfo: undefined,
} as const

/** `tree` has one folder of a kernel release, whose name is the version. */
export function indexFindings({ metadata, tree }: VirtualLayer): readonly string[] {
  const { name, version, author, description, extraInfo } = metadata
  const found = { author, description, compatibility: metadata.compatibility.talos.version, extraInfo }
  const differing = (Object.keys(INDEX) as (keyof typeof INDEX)[]).filter((field) => found[field] !== INDEX[field])
  const releases = tree.children(MODULES_FOLDER).map(({ path }) => path.slice(MODULES_FOLDER.length + 1))
  return [
    ...differing.map(
      (field) => `${name}: expected ${field} ${JSON.stringify(INDEX[field])}, got ${JSON.stringify(found[field])}`,
    ),
    ...(releases.includes(version)
      ? []
      : [`${name}: expected the kernel release of its folder as version, ${releases.join(', ')}, got ${version}`]),
  ]
}

function listFindings(tree: FileTree, path: string): readonly string[] {
  const wanted = path.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'))
  return [...tree.under('')].flatMap((entry) => {
    if (!wanted.includes(entry.path)) return [`${entry.path} (${entry.type}): it brings ${path} and nothing else`]
    return entry.type === 'directory' && entry.mode !== FOLDER_MODE
      ? [`${entry.path}: expected mode 0${FOLDER_MODE.toString(8)}, got 0${entry.mode.toString(8)}`]
      : []
  })
}

function schematicFindings(
  { version, extraInfo = '' }: ExtensionMetadata,
  file: FileEntry | undefined,
): readonly string[] {
  const id = createHash('sha256').update(extraInfo).digest('hex')
  return [
    ...(id === version ? [] : [`expected the version ${id}, the sha256 of its extraInfo, got ${version}`]),
    ...(file?.type === 'file' && file.size === 0 ? [] : [`expected an empty file of its id, got ${describe(file)}`]),
    ...(file === undefined || file.mode === MARK_MODE
      ? []
      : [`expected the file of mode 0${MARK_MODE.toString(8)}, got 0${file.mode.toString(8)}`]),
  ]
}

async function configFindings(
  { version, extraInfo }: ExtensionMetadata,
  file: FileEntry | undefined,
  mode: number | undefined,
): Promise<readonly string[]> {
  if (mode === undefined) return ['imager of this release embeds no configuration']
  if (file?.data === undefined) return [`expected a configuration, got ${describe(file)}`]
  const id = await sha256Hex(file.data)
  return [
    ...(id === version ? [] : [`expected the version ${id}, the sha256 of its configuration, got ${version}`]),
    ...(file.mode === mode
      ? []
      : [`expected the configuration of mode 0${mode.toString(8)}, got 0${file.mode.toString(8)}`]),
    ...(extraInfo === undefined ? [] : ['expected no extraInfo']),
  ]
}

function describe(file: FileEntry | undefined): string {
  return file === undefined ? 'none' : `a ${file.type} of ${file.size} bytes`
}
