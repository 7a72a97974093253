// The documents of an image as every client reads them: encoding/json of Go takes keys whatever their case, and of two
// the last (https://pkg.go.dev/encoding/json#Unmarshal); containerd, crane and skopeo are written in Go.
import { timeProblems } from '#harness/oci/image/config-times.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'

test(
  ...must(
    'OCI-030',
    'manifest, index and config say one thing to every client: no key twice, no field in another spelling, numbers and times as Go reads them',
    {
      targets: ['image'],
      needs: ['OCI-001', 'OCI-002'],
      fix: 'write the documents with a current client; a field that is there twice is one image to Talos and another to a judge',
    },
  ),
  async ({ image, judge }) => {
    const { config } = await image.manifest()
    const { value, problems } = await image.configText()
    const texts = [
      ...(await image.documents()),
      { descriptor: config, problems: [...problems, ...timeProblems(value)] },
    ]
    judge(
      texts.flatMap((text) =>
        text.problems.map(({ pointer, message }) => `${text.descriptor.digest}${pointer}: ${message}`),
      ),
      image.where,
    ).toEqual([])
  },
)

test(
  ...must(
    'OCI-031',
    'the config is written as json.Marshal of Go writes it: no blank space, no needless escape, no field that Go does not know',
    {
      targets: ['image'],
      needs: ['OCI-030'],
      fix: 'leave the config as imager or the build wrote it: nothing that copies an image writes its config anew',
    },
  ),
  async ({ image, judge }) => {
    const { config } = await image.manifest()
    const { compact, unknown } = await image.configText()
    judge({ compact, unknown }, { ...image.where, digest: config.digest }).toEqual({ compact: true, unknown: [] })
  },
)
