// Writes extensions.yaml as upstream's imager does: pkg/machinery/extensions/{config,metadata}.go (siderolabs/talos
// v1.11.5), through gopkg.in/yaml.v3.
import { encodeYamlScalar } from './yaml-scalar.ts'

export type LayerMetadata = {
  readonly name: string
  readonly version: string
  readonly author: string
  readonly description: string
  readonly compatibility: { readonly talos: { readonly version: string } }
  readonly extraInfo?: string | undefined
}

export type Layer = { readonly image: string; readonly metadata: LayerMetadata }

/** Lowest layer first. */
export function encodeExtensionsYaml(layers: readonly Layer[]): Uint8Array {
  return Buffer.from(`layers:\n${layers.map(encodeLayer).join('')}`)
}

function encodeLayer({ image, metadata }: Layer): string {
  const { name, version, author, description, compatibility, extraInfo } = metadata
  const lines = [
    `    - image: ${encodeYamlScalar(image, 8)}`,
    '      metadata:',
    ...Object.entries({ name, version, author, description }).map(
      ([key, value]) => `        ${key}: ${encodeYamlScalar(value, 12)}`,
    ),
    '        compatibility:',
    '            talos:',
    `                version: ${encodeYamlScalar(compatibility.talos.version, 20)}`,
    ...(extraInfo === undefined || extraInfo === '' ? [] : [`        extraInfo: ${encodeYamlScalar(extraInfo, 12)}`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
