// extensions.yaml as a text: pkg/machinery/extensions/config.go (siderolabs/talos) writes it through go-yaml, and
// nothing else does.
import { FormatError } from '#harness/errors.ts'
import { AbsentFactError } from '../support/absent-fact.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must('EXT-040', '`extensions.yaml` is byte for byte what imager of this release writes for its content', {
    targets: ['installer', 'assets', 'media'],
    needs: ['EXT-001'],
    fix: 'leave extensions.yaml as imager or the build wrote it: another text can be another list to Talos than to its reader',
  }),
  async ({ extensions, quirks, judge }) => {
    const text = await extensions.text()
    const [uncertain] = text?.written.uncertain ?? []
    if (uncertain !== undefined)
      throw new FormatError('extensions.yaml', 'UNSUPPORTED', `how ${quirks.goYaml} writes a text is not known`, {
        at: { ...extensions.where, pointer: uncertain.pointer },
      })
    judge({ writer: quirks.goYaml, text: text?.actual }, extensions.where).toEqual({
      writer: quirks.goYaml,
      text: text?.written.text,
    })
  },
)

test(
  ...must(
    'EXT-041',
    "author, description and compatibility of every extension are those of the pinned one's manifest",
    {
      targets: ['installer', 'assets', 'media'],
      needs: ['EXT-003', 'EXT-006', 'AST-006'],
      pinned: true,
      fix: 'take the extensions by the digests in the lock: imager copies what their manifests say',
    },
  ),
  async ({ extensions, variant, pinned, judge }) => {
    const locked = new Map(pinned('extensions').map(({ name, metadata }) => [name, metadata]))
    const absent = variant.extensions.find((name) => locked.get(name) === undefined)
    if (absent !== undefined) throw new AbsentFactError(`extensions: metadata of ${absent}`)
    const own = (await extensions.layers()).filter(({ metadata }) => locked.get(metadata.name) !== undefined)
    judge(
      own.map(({ metadata: { name, author, description, compatibility, extraInfo } }) => ({
        name,
        author,
        description,
        compatibility: compatibility.talos.version,
        ...(extraInfo !== undefined && { extraInfo }),
      })),
      extensions.where,
    ).toEqual(own.map(({ metadata: { name } }) => ({ name, ...locked.get(name) })))
  },
)
