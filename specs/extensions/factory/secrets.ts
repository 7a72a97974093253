// Secrets in what an image publishes beside a machine configuration: META values, kernel arguments, services of extensions.
import { readAll } from '#harness/bytes/source.ts'
import { secretsInArguments } from '#harness/machine-config/secrets/arguments.ts'
import { isReference } from '#harness/machine-config/secrets/names.ts'
import { secretsInText } from '#harness/machine-config/secrets/texts.ts'
import { SERVICE_SPEC_PATH } from '#harness/talos/extension/service-spec.ts'
import { metaOnCommandLine, type MetaValue } from '#harness/talos/media/meta-values.ts'
import type { RawDisk } from '#harness/talos/media/disk.ts'
import type { Schematic } from '#harness/talos/schematic/schematic.ts'
import { filesOf, type Layer } from '../layers.ts'

/** Tags whose value lets in by itself: siderolabs/talos pkg/machinery/meta/constants.go, v1.11 … main of August 2026. */
const SECRET_TAGS: ReadonlyMap<number, string> = new Map([
  [0x0b, 'the code that the configuration is fetched with'],
  [0x10, 'the token of a machine'],
])
const MAX_SERVICE_BYTES = 1 << 20

/** Values of secrets are in no sentence. `place` is where the values are. */
function metaFindings(values: readonly MetaValue[], place: string): readonly string[] {
  return values.flatMap(({ key, value }) => {
    const at = `${place} 0x${key.toString(16).padStart(2, '0')}`
    const own = SECRET_TAGS.get(key)
    if (own !== undefined) return isReference(value) ? [] : [`${at}: a secret is in it: ${own}`]
    return secretsInText(value).map(({ field, line }) => `${at}:${line}: a secret is in it: ${field}`)
  })
}

/** META values on the command line with the rest of it; errors of metaOnCommandLine. */
export async function argumentFindings(parameters: readonly string[], place: string): Promise<readonly string[]> {
  const values = (await metaOnCommandLine(parameters)).flat()
  return [
    ...secretsInArguments(parameters).map((name) => `${place}: a secret is on it: ${name}`),
    ...metaFindings(values, `${place}, META value`),
  ]
}

/** META values and kernel arguments of a schematic: every image of it has them in extensions.yaml. */
export async function schematicFindings({ customization }: Schematic): Promise<readonly string[]> {
  return [
    ...metaFindings(customization.meta, 'extensions.yaml!schematic, META value'),
    ...(await argumentFindings(customization.extraKernelArgs, 'extensions.yaml!schematic, kernel arguments')),
  ]
}

/** Specifications of extension services: their environment, and comments. */
export async function serviceFindings(layers: readonly Layer[]): Promise<readonly string[]> {
  const files = filesOf(layers, (path) => SERVICE_SPEC_PATH.test(path))
  const found = await Promise.all(
    files.map(async ({ layer, entry, data }) => {
      const text = Buffer.from(await readAll(data, MAX_SERVICE_BYTES)).toString()
      return secretsInText(text).map(
        ({ field, line }) => `${layer.name}!${entry.path}:${line}: a secret is in the file: ${field}`,
      )
    }),
  )
  return found.flat()
}

/** Values of both copies of a META partition, each once. */
export async function partitionFindings(disk: RawDisk): Promise<readonly string[]> {
  const { copies } = await disk.meta()
  const values = copies.flatMap((copy) =>
    [...(copy?.values ?? [])].map(([key, hex]) => ({ key, value: Buffer.from(hex, 'hex').toString() })),
  )
  return [...new Set(metaFindings(values, 'META'))]
}
