// extensions.yaml as imager writes it for what it says: pkg/machinery/extensions/{config,metadata}.go (siderolabs/talos
// v1.11.5 to v1.14.0) through go-yaml. Written from what Go gives, and apart from what the build writes.
import { isWrittenDifferently, writeGoScalar } from '../../formats/yaml/go-scalar.ts'
import type { ExtensionsYaml } from './extension.ts'

/** A scalar with its place and its text. */
type WrittenScalar = { readonly pointer: string; readonly text: string }

export type WrittenYaml = {
  readonly text: string
  /** Texts that not every go-yaml writes alike. */
  readonly uncertain: readonly WrittenScalar[]
}

/** The document for `layers`, lowest first. */
export function writeExtensionsYaml({ layers }: ExtensionsYaml): WrittenYaml {
  const uncertain: WrittenScalar[] = []
  const scalar = (pointer: string, text: string, indent: number): string => {
    if (isWrittenDifferently(text)) uncertain.push({ pointer, text })
    return writeGoScalar(text, indent)
  }
  if (layers.length === 0) return { text: 'layers: []\n', uncertain }
  const lines = layers.flatMap(({ image, metadata }, index) => {
    const at = `/layers/${index}`
    const field = (key: 'name' | 'version' | 'author' | 'description' | 'extraInfo'): string =>
      `        ${key}: ${scalar(`${at}/metadata/${key}`, metadata[key] ?? '', 12)}`
    const { version } = metadata.compatibility.talos
    return [
      `    - image: ${scalar(`${at}/image`, image, 8)}`,
      '      metadata:',
      ...(['name', 'version', 'author', 'description'] as const).map(field),
      '        compatibility:',
      '            talos:',
      `                version: ${scalar(`${at}/metadata/compatibility/talos/version`, version, 20)}`,
      ...(metadata.extraInfo === undefined ? [] : [field('extraInfo')]),
    ]
  })
  return { text: ['layers:', ...lines, ''].join('\n'), uncertain }
}
