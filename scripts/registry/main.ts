// Starts the registry, prints its address, and ends it on a signal.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTemporaryFolder } from '#harness/bytes/folder.ts'
import type { Digest } from '#harness/bytes/digest.ts'
import { formatLocation, HarnessError } from '#harness/errors.ts'
import { folderContent, memoryContent } from '#fixtures/simulator/registry/content/content.ts'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { UPSTREAM_NAMESPACE } from '../embedded-upstream/names.ts'
import { putSignedUpstream } from '../embedded-upstream/signed.ts'
import { UsageError } from '../cli/command-line.ts'
import { parseRegistryCommand, type RegistryCommand } from './options.ts'

/**
 * `args` without node and script. Runs until `stop` is aborted, or Ctrl-C. Gives the exit status: 0 ended, 2 what was typed
 * or read is wrong.
 */
export async function main(args: readonly string[], stop: AbortSignal = onSignal()): Promise<0 | 2> {
  try {
    const command = parseRegistryCommand(args)
    if (command !== undefined) await serve(command, stop)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof HarnessError || isSystemError(error))) throw error
    const where = error instanceof HarnessError ? formatLocation(error.at) : ''
    process.stderr.write(`error: ${error.message}${where === '' ? '' : ` (${where})`}\n`)
    return 2
  }
}

function onSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  return stop.signal
}

async function serve({ images, storage, withUpstream, ...options }: RegistryCommand, stop: AbortSignal): Promise<void> {
  const content = storage === undefined ? memoryContent() : await folderContent(storage)
  const digests: Digest[] = []
  for (const { reference, repository, tag } of images)
    digests.push(await pushReference({ content }, reference, repository, tag))
  await using registry = await startRegistry({ ...options, content })
  // A folder that has nothing else is what skopeo's and podman's --cert-dir want.
  await using certificates = await makeTemporaryFolder('registry-ca-')
  await using trust = await makeTemporaryFolder('registry-trust-')
  const lines = [`registry  ${registry.url}`]
  if (registry.ca !== undefined) {
    const path = join(certificates.path, 'ca.crt')
    await writeFile(path, registry.ca)
    lines.push(`authority ${path}`)
  }
  lines.push(
    ...images.map(({ repository, tag }, at) => `image     ${registry.host}/${repository}:${tag}@${digests[at]}`),
  )
  if (withUpstream !== undefined) {
    const namespace = `${registry.host}/${UPSTREAM_NAMESPACE}`
    const trustedRoot = join(trust.path, 'trusted_root.json')
    const { authority } = await putSignedUpstream({ content }, withUpstream)
    await writeFile(trustedRoot, authority.trustedRoot)
    lines.push(
      ...withUpstream.map((talos) => `upstream  ${namespace}/installer-base:${talos}`),
      `next      npm run lock -- --talos ${withUpstream[0]} --upstream ${namespace} --trusted-root ${trustedRoot}`,
      `          npm run build -- --upstream ${namespace}`,
    )
  }
  process.stdout.write(`${lines.join('\n')}\nCtrl-C ends it.\n`)
  await aborted(stop)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}
