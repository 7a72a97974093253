// The files of a machine configuration: read, bounded, and what they say; what they cannot say is a usage error.
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { formatLocation, HarnessError } from '#harness/errors.ts'
import { formatPlace, placeOfOffset } from '#harness/formats/yaml/nodes.ts'
import { machineConfigFacts, type MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { parseMachineConfig, type ChooseMinor, type ConfigFile } from '#harness/machine-config/document.ts'
import { withoutResource } from '#harness/machine-config/resource.ts'
import { describeMinors, MINORS, minorOfTag } from '#harness/machine-config/schema/schema.ts'
import type { CandidateInput } from '#specs/support/run.ts'
import { unreadable, UsageError } from '../usage-error.ts'

/** More than the reader takes, so that it is the one to say so; less than a disk image given by mistake. */
const MAX_FILE_BYTES = 8 << 20

export type LoadedConfig = NonNullable<CandidateInput['config']>

/**
 * A whole machine configuration, then patches over it; `target` is the Talos tag that it is said to be for. UsageError for
 * what is no configuration, with line and column, and for an unknown Talos.
 */
export async function loadMachineConfig(paths: readonly string[], target?: string): Promise<LoadedConfig> {
  checkTarget(target)
  const files: ConfigFile[] = []
  for (const path of paths) files.push(await readConfigFile(path))
  return readMachineConfig(files, target)
}

/** UsageError for an unknown Talos version. */
export function checkTarget(target: string | undefined): void {
  if (target !== undefined && minorOfTag(target) === undefined)
    throw new UsageError(`expected a Talos version of ${describeMinors(MINORS)} as --talos, got ${target}`)
}

/**
 * A configuration of files already read, as all minors read them or as the one that `choose` names. UsageError for
 * text that is no configuration.
 */
export function readMachineConfig(files: readonly ConfigFile[], target?: string, choose?: ChooseMinor): LoadedConfig {
  return {
    facts: readFacts(files, choose),
    ...(target !== undefined && { target }),
    files: files.map(({ path, bytes }) => ({ path, sha256: createHash('sha256').update(bytes).digest('hex') })),
  }
}

/** The configuration of a file, out of the resource that it may be in. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  return { path, bytes: withoutResource(await readBytes(path)) }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(resolve(path))
    try {
      const { size } = await file.stat()
      if (size > MAX_FILE_BYTES) throw new UsageError(`${path} has ${size} bytes: that is no machine configuration`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw unreadable(path, error)
  }
}

function readFacts(files: readonly ConfigFile[], choose: ChooseMinor | undefined): MachineConfigFacts {
  return readOrRefuse(files, () => machineConfigFacts(parseMachineConfig(files, choose)))
}

/** UsageError, with line and column, for what a reader of `files` refuses. */
export function readOrRefuse<T>(files: readonly ConfigFile[], read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    throw new UsageError(`${placeOf(error, files)}: ${error.message}`, { cause: error })
  }
}

/** Line and column, also for an error of the YAML reader, which knows an offset. */
function placeOf({ at }: HarnessError, files: readonly ConfigFile[]): string {
  const file = files.find(({ path }) => path === at?.path)
  if (file === undefined || at?.offset === undefined) return formatLocation(at)
  return formatPlace(placeOfOffset(file.bytes, at.offset, file.path))
}
