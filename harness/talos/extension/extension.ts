// The metadata of a system extension: `manifest.yaml` of its image and its entry in the initramfs's
// `extensions.yaml`: pkg/machinery/extensions/{config,metadata,load}.go (siderolabs/talos v1.11.5).
import { z } from 'zod'
import type { Location } from '../../errors.ts'
import { goName, goString, parseYamlAs } from '../../formats/yaml/schema.ts'

export type ExtensionMetadata = {
  readonly name: string
  readonly version: string
  readonly author: string
  readonly description: string
  /** A range of Talos versions (see admitsTalos); '' admits all. */
  readonly compatibility: { readonly talos: { readonly version: string } }
  /** The content of a virtual extension: the schematic's YAML. */
  readonly extraInfo?: string
}

type ExtensionLayer = {
  /** The squashfs's path in the initramfs: `0.sqsh`. */
  readonly image: string
  readonly metadata: ExtensionMetadata
}

/** `layers` lowest first: the last is mounted on top. */
export type ExtensionsYaml = { readonly layers: readonly ExtensionLayer[] }

export type ExtensionManifest = { readonly version: 'v1alpha1'; readonly metadata: ExtensionMetadata }

const metadata = z
  .looseObject({
    name: goName,
    version: goName,
    author: goString,
    description: goString,
    compatibility: z
      .looseObject({ talos: z.looseObject({ version: goString }).nullish() })
      .nullish()
      .transform((value) => ({ talos: { version: value?.talos?.version ?? '' } })),
    extraInfo: goString,
  })
  .transform((value): ExtensionMetadata => ({
    name: value.name,
    version: value.version,
    author: value.author,
    description: value.description,
    compatibility: value.compatibility,
    ...(value.extraInfo === '' ? {} : { extraInfo: value.extraInfo }),
  }))

const layer = z.looseObject({ image: goName, metadata }).transform((value): ExtensionLayer => ({
  image: value.image,
  metadata: value.metadata,
}))
const extensionsYaml = z
  .looseObject({ layers: z.array(layer) })
  .transform((value): ExtensionsYaml => ({ layers: value.layers }))
const manifest = z.looseObject({ version: z.literal('v1alpha1'), metadata }).transform((value): ExtensionManifest => ({
  version: value.version,
  metadata: value.metadata,
}))

/** `/extensions.yaml` of an initramfs. FormatError `yaml`, or SchemaError with all issues. */
export function parseExtensionsYaml(bytes: Uint8Array, where: Location = {}): ExtensionsYaml {
  return parseYamlAs('extensions.yaml', extensionsYaml, bytes, where)
}

/** `/manifest.yaml` of an extension's image. FormatError `yaml`, or SchemaError with all issues. */
export function parseExtensionManifest(bytes: Uint8Array, where: Location = {}): ExtensionManifest {
  return parseYamlAs('extension manifest', manifest, bytes, where)
}
