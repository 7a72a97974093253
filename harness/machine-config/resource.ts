// Machine configurations inside of resources, as `talosctl get machineconfig -o yaml` and `omnictl get
// clustermachineconfig -o yaml` print them: the configuration is a block of text under `spec` or `spec.data`.
// siderolabs/talos pkg/machinery/resources/config; siderolabs/omni client/pkg/omni/resources/omni.

const TYPE =
  /^ {2,}type: (?:MachineConfigs\.config\.talos\.dev|(?:Redacted)?ClusterMachineConfigs\.omni\.sidero\.dev)\s*$/m
/** `spec: |`, or `data: |` below `spec:`. */
const BLOCK = /^( *)(?:spec|data): \|[-+]?\d?\s*$/

/**
 * The configuration alone where the bytes are such a resource, each line where it was, all else blank; the bytes as they
 * are where not. Of several resources the first counts.
 */
export function withoutResource(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString()
  if (!TYPE.test(text)) return bytes
  const lines = text.split('\n')
  const start = lines.findIndex((line) => BLOCK.test(line))
  if (start < 0) return bytes
  const outer = BLOCK.exec(lines[start] ?? '')?.[1]?.length ?? 0
  const rest = lines.slice(start + 1)
  const length = rest.findIndex((line) => line.trim() !== '' && indentOf(line) <= outer)
  const inner = length < 0 ? rest : rest.slice(0, length)
  const own = Math.min(...inner.filter((line) => line.trim() !== '').map(indentOf))
  // Lines keep their indentation, so that columns stay true; only the marks between documents must begin the line.
  const kept = inner.map((line) => (/^---\s*$/.test(line.slice(own)) ? '---' : line))
  return Buffer.from([...Array.from({ length: start + 1 }, () => ''), ...kept].join('\n'))
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
