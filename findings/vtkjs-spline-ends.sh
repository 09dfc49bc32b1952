#!/bin/sh
# vtk.js's cardinal spline keeps the slope that is asked for at its start only where its other end is of the same kind.
#
# Guess before: a spline through places of a straight line, with the line's own slope at one end and no curvature at the
# other, is the line: half-way between two places, half the way.
# Seen (vtk.js 37.4.3, CardinalSpline1D.computeOpenCoefficients): so it is with the same kind of condition at both ends.
# With two kinds, either way round, the curve leaves its first place with another slope (half-way 0.42 and 0.77 of the
# way), without a warning: the first row of the equations is divided by what belongs to the last one.
# For us: static/viewer/src/reformation/centreline.js gives both ends the same kind of condition.
set -eu
command -v node >/dev/null 2>&1 || { echo "node is needed" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"type": "module"}' > package.json
npm install --silent --no-audit --no-fund @kitware/vtk.js@37.4.3
cat > try.js <<'END'
import vtkCardinalSpline1D from '@kitware/vtk.js/Common/DataModel/CardinalSpline1D.js';
import { BoundaryCondition } from '@kitware/vtk.js/Common/DataModel/Spline1D/Constants.js';

const [SLOPE, STRAIGHT] = [BoundaryCondition.DERIVATIVE, BoundaryCondition.SECOND_DERIVATIVE];
const VALUE = { [SLOPE]: 1, [STRAIGHT]: 0 };
const line = [0, 1, 2, 3];

function halfWay(left, right) {
  const spline = vtkCardinalSpline1D.newInstance();
  const ends = { leftConstraint: left, leftValue: VALUE[left], rightConstraint: right, rightValue: VALUE[right] };
  spline.computeOpenCoefficients(line.length, new Float32Array(line.length), line, line, ends);
  return [0, 1, 2].map((n) => Math.round(1000 * (spline.getValue(n, 0.5) - n)) / 1000);
}

const name = { [SLOPE]: 'slope 1', [STRAIGHT]: 'no curvature' };
const found = {};
for (const [left, right] of [[SLOPE, SLOPE], [STRAIGHT, STRAIGHT], [SLOPE, STRAIGHT], [STRAIGHT, SLOPE]]) {
  const values = halfWay(left, right);
  found[`${left} ${right}`] = values;
  console.log(`  ${name[left]} at the start, ${name[right]} at the end: half-way between the places ${values.join(', ')}`);
}
const right = (values) => values.every((value) => value === 0.5);
const alike = right(found[`${SLOPE} ${SLOPE}`]) && right(found[`${STRAIGHT} ${STRAIGHT}`]);
const mixed = right(found[`${SLOPE} ${STRAIGHT}`]) || right(found[`${STRAIGHT} ${SLOPE}`]);
process.exit(alike && !mixed ? 0 : 1);
END
node try.js || { echo "CHANGED: vtk.js no longer behaves as described above" >&2; exit 1; }
echo "As described: conditions of two kinds at the two ends spoil the slope at the start."
