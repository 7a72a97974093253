// Rounds in which two publish, or promote, at once: what each ended with, and what the tags name afterwards.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PublishError } from '#build/publish/publish-error.ts'
import { publish, type Publication } from '#build/publish/publish.ts'
import { expectedTags, openRelease, TALOS, writeRelease } from '#fixtures/publish/sample-release.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { openPushClient } from '#harness/oci/push/client.ts'
import { ASSETS_SUFFIX } from '#specs/contract/tags.ts'
import { promote } from '../../promote/main.ts'
import { greenJudge } from './green-report.ts'

export type Releases = {
  /** Two of one version, of other bytes. */
  readonly own: readonly Publication[]
  readonly other: readonly Publication[]
  readonly folder: string
  close(): Promise<void>
}

type Round = { readonly conditions: boolean; readonly delayMs: number }

export async function writeReleases(): Promise<Releases> {
  const folder = await mkdtemp(join(tmpdir(), 'races-'))
  await writeRelease(join(folder, 'own'))
  await writeRelease(join(folder, 'other'), { salt: 'other' })
  const [own, other] = [await openRelease(join(folder, 'own'), 'you'), await openRelease(join(folder, 'other'), 'you')]
  return {
    own,
    other,
    folder,
    async close() {
      await Promise.all([...own, ...other].map(({ layout }) => layout.close()))
      await rm(folder, { recursive: true })
    },
  }
}

/** Sentences about what must not be; empty where all is well. */
export async function publishersRound({ own, other }: Releases, round: Round): Promise<readonly string[]> {
  await using registry = await startRegistry({ features: { conditions: round.conditions } })
  const sides = [own, other]
  const ends = await Promise.allSettled([push(registry, own, 0), push(registry, other, round.delayMs)])
  const winners = sides.filter((_, at) => ends[at]?.status === 'fulfilled')
  const problems = ends.flatMap((end) =>
    end.status === 'rejected' && !isAboutTag(end.reason) ? [`the loser says ${String(end.reason)}`] : [],
  )
  if (winners.length > 1) problems.push('both say that they published')
  if (round.conditions && winners.length === 0) problems.push('no one published')
  for (const publication of winners.flat())
    for (const [tag, digest] of expectedTags(publication)) {
      // Without conditions the loser may have written its first tag before it knew.
      if (!round.conditions && tag !== TALOS && tag !== TALOS + ASSETS_SUFFIX) continue
      const named = registry.content.find(publication.repository)?.tags.get(tag)
      if (named !== digest) problems.push(`${tag} names ${named}, expected ${digest}`)
    }
  return problems
}

/** Two promote two images to one channel while somebody publishes other bytes under the version of the first. */
export async function promotersRound({ own, other, folder }: Releases, round: Round): Promise<readonly string[]> {
  await using registry = await startRegistry({ features: { conditions: round.conditions } })
  await push(registry, own, 0)
  const [first] = own
  const [second] = other
  if (first === undefined || second === undefined) throw new Error('expected two releases')
  await push(registry, [{ ...second, tags: second.tags, repository: 'you/elsewhere' }], 0)
  await copyAs(registry, second, first.repository, 'other')
  const said: string[] = []
  const ends = await silently(said, () =>
    Promise.all([
      run(registry, `${first.repository}:${TALOS}`, join(folder, 'one.json'), 0),
      run(registry, `${first.repository}:other`, join(folder, 'two.json'), round.delayMs),
      push(registry, other, round.delayMs).then(
        () => 0,
        (error: unknown) => (isAboutTag(error) ? 2 : 3),
      ),
    ]),
  )
  const tags = registry.content.find(first.repository)?.tags ?? new Map<string, string>()
  const named = [tags.get('demo'), tags.get('demo-assets')]
  const digestsOf = ({ layout }: Publication): readonly string[] => [
    layout.installer.descriptor.digest,
    layout.assets.descriptor.digest,
  ]
  const isPair = [first, second].some((one) => digestsOf(one).every((digest, at) => digest === named[at]))
  const losers = ends.slice(0, 2).filter((status) => status !== 0).length
  const problems = isPair ? [] : [`the channel names ${named.join(' with the assets ')}`]
  if (losers > 1) problems.push('no one promoted')
  if (losers !== (said.join('').match(/somebody else moves it/g) ?? []).length)
    problems.push(`a loser says ${said.join('')}`)
  if (ends[2] !== 2) problems.push('the publisher of other bytes was not refused for its tag')
  for (const [tag, digest] of expectedTags(first))
    if (tags.get(tag) !== digest) problems.push(`${tag} names ${tags.get(tag)}`)
  return problems
}

async function push({ host }: Pick<Registry, 'host'>, release: readonly Publication[], delayMs: number): Promise<void> {
  const client = openPushClient(host, { credentials: async () => undefined })
  try {
    await sleep(delayMs)
    await publish(client, release, { signed: false, attach: async () => [] })
  } finally {
    await client.close()
  }
}

async function run({ host }: Registry, image: string, report: string, delayMs: number): Promise<number> {
  await sleep(delayMs)
  return promote([`${host}/${image}`, 'demo', '--report', report], greenJudge())
}

/** Both images of a publication under another tag of `repository`, where only manifests are looked at. */
async function copyAs({ content }: Registry, { layout }: Publication, repository: string, tag: string): Promise<void> {
  for (const part of ['installer', 'assets'] as const) {
    const { bytes, descriptor } = layout[part]
    const name = part === 'assets' ? tag + ASSETS_SUFFIX : tag
    await content.putManifest(repository, bytes, descriptor.mediaType, { tag: name })
    const blobs = layout[part].blobs.map(({ digest }) => digest)
    for (const digest of blobs) await content.linkBlob(repository, digest)
  }
}

function isAboutTag(error: unknown): boolean {
  return error instanceof PublishError && error.code === 'TAG' && /somebody else|never moves/.test(error.message)
}

async function silently<T>(said: string[], action: () => Promise<T>): Promise<T> {
  const [out, err] = [process.stdout.write, process.stderr.write]
  const write = (text: unknown): boolean => (said.push(String(text)), true)
  process.stdout.write = write
  process.stderr.write = write
  try {
    return await action()
  } finally {
    process.stdout.write = out
    process.stderr.write = err
  }
}
