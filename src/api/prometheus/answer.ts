/** Answers in the form of Prometheus' HTTP API. */
import { formatNumber, type Answer, type Point } from '../../promql/index.ts'

const pointText = ([time, value]: Point): string => `[${time},"${formatNumber(value)}"]`

/** Written as text: numbers are strings there, and there may be many. */
export function answerText(answer: Answer): string {
  return `{"status":"success","data":{"resultType":"${answer.type}","result":${resultText(answer)}}}`
}

function resultText(answer: Answer): string {
  switch (answer.type) {
    case 'scalar':
      return pointText(answer.point)
    case 'string':
      return `[${answer.time},${JSON.stringify(answer.text)}]`
    case 'vector':
      return `[${answer.series.map(({ labels, point }) => `{"metric":${JSON.stringify(labels)},"value":${pointText(point)}}`).join(',')}]`
    case 'matrix':
      return `[${answer.series.map(({ labels, points }) => `{"metric":${JSON.stringify(labels)},"values":[${points.map(pointText).join(',')}]}`).join(',')}]`
  }
}

export type ErrorType = 'bad_data' | 'execution' | 'timeout' | 'unauthorized' | 'unavailable' | 'internal'

export const errorText = (errorType: ErrorType, error: string): string =>
  JSON.stringify({ status: 'error', errorType, error })
