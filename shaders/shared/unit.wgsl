// The L2 normalisation of every meter: x / max(|x|, 1e-6). The importing file declares x (rows of `columns` from `first`).
// Rows whose squares would overflow are scaled by their largest element first, so huge is not mistaken for zero.
fn inverse_length(first: u32, columns: u32) -> f32 {
    var squares = 0.0;
    var largest = 0.0;
    for (var c = 0u; c < columns; c++) {
        let value = x[first + c];
        squares += value * value;
        largest = max(largest, abs(value));
    }
    if (largest < 1e17) {
        return 1.0 / max(sqrt(squares), 1e-6);
    }
    squares = 0.0;
    for (var c = 0u; c < columns; c++) {
        let value = x[first + c] / largest;
        squares += value * value;
    }
    return 1.0 / (largest * sqrt(squares));
}
