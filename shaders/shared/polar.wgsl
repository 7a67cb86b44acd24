// The orthogonal factor of a 3 x 3 matrix's polar decomposition, by its singular value decomposition (Jacobi on m'm), which,
// unlike Newton's iteration, does not mind a singular m.

// One Jacobi rotation of k = v' m'm v in the plane (p, q).
fn jacobi3(k: ptr<function, mat3x3<f32>>, v: ptr<function, mat3x3<f32>>, p: u32, q: u32) {
    let off = (*k)[p][q];
    if (abs(off) < 1e-12) { return; }
    let zeta = ((*k)[q][q] - (*k)[p][p]) / (2.0 * off);
    let t = select(-1.0, 1.0, zeta >= 0.0) / (abs(zeta) + sqrt(1.0 + zeta * zeta));
    let c = inverseSqrt(1.0 + t * t);
    let s = c * t;
    var g = mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
    g[p][p] = c;
    g[q][q] = c;
    g[p][q] = -s;
    g[q][p] = s;
    *k = transpose(g) * *k * g;
    *v = *v * g;
}

// Some unit vector orthogonal to the unit vector a.
fn orthogonal_to(a: vec3<f32>) -> vec3<f32> {
    let axis = select(select(vec3(0.0, 0.0, 1.0), vec3(0.0, 1.0, 0.0), abs(a.y) < 0.6), vec3(1.0, 0.0, 0.0), abs(a.x) < 0.6);
    return normalize(axis - dot(axis, a) * a);
}

fn nearest_orthogonal(m: mat3x3<f32>) -> mat3x3<f32> {
    var k = transpose(m) * m;
    var v = mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
    for (var sweep = 0u; sweep < 8u; sweep++) {
        jacobi3(&k, &v, 0u, 1u);
        jacobi3(&k, &v, 0u, 2u);
        jacobi3(&k, &v, 1u, 2u);
    }
    let squares = vec3(k[0][0], k[1][1], k[2][2]);
    // Columns of v by descending singular value.
    var order = vec3(0u, 1u, 2u);
    if (squares[order.x] < squares[order.y]) { order = order.yxz; }
    if (squares[order.y] < squares[order.z]) { order = order.xzy; }
    if (squares[order.x] < squares[order.y]) { order = order.yxz; }
    let v0 = v[order.x];
    let v1 = v[order.y];
    let v2 = v[order.z];
    let image0 = m * v0;
    if (!(dot(image0, image0) > 1e-8)) { return mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0); }
    let u0 = normalize(image0);
    let image1 = m * v1;
    let rest1 = image1 - dot(image1, u0) * u0;
    var u1 = orthogonal_to(u0);
    if (dot(rest1, rest1) > 1e-8) { u1 = normalize(rest1); }
    var u2 = cross(u0, u1);
    if (dot(m * v2, u2) < 0.0) { u2 = -u2; }
    return mat3x3<f32>(u0, u1, u2) * transpose(mat3x3<f32>(v0, v1, v2));
}
