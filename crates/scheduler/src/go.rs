//! Go's library where its results show and Rust's own differs.

pub(crate) mod sort;

/// Go's `math.Log` for positive finite numbers, bit for bit.
///
/// Rust's `f64::ln` calls whatever library the platform has, which may differ in the last bit; this
/// is the algorithm of Go 1.26 (`src/math/log.go` and `log_amd64.s`, after `FreeBSD`'s `e_log.c`),
/// in plain IEEE operations that are the same everywhere.
pub(crate) fn log(x: f64) -> f64 {
    const LN2_HI: f64 = 6.931_471_803_691_238e-1;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const L: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    debug_assert!(x.is_normal() && x > 0.0, "the scheduler takes logarithms of counts only");
    // Go's Frexp: a fraction in [1/2, 1) and a power of two.
    let bits = x.to_bits();
    let mut fraction = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3fe0_0000_0000_0000);
    let mut exponent = ((bits >> 52) & 0x7ff) as i32 - 0x3fe;
    if fraction < std::f64::consts::SQRT_2 / 2.0 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let above_one = fraction - 1.0;
    let power = f64::from(exponent);
    let s = above_one / (2.0 + above_one);
    let s2 = s * s;
    let s4 = s2 * s2;
    let t1 = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let t2 = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let sum = t1 + t2;
    let half_square = 0.5 * above_one * above_one;
    power * LN2_HI - ((half_square - (s * (half_square + sum) + power * LN2_LO)) - above_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_go_s_bit_for_bit() {
        // As the comments of src/math/log.go give them.
        assert_eq!(6.931_471_803_691_238e-1_f64.to_bits(), 0x3fe6_2e42_fee0_0000);
        assert_eq!(1.908_214_929_270_587_7e-10_f64.to_bits(), 0x3dea_39ef_3579_3c76);
        assert_eq!(6.666_666_666_666_735e-1_f64.to_bits(), 0x3fe5_5555_5555_5593);
        assert_eq!(3.999_999_999_940_942e-1_f64.to_bits(), 0x3fd9_9999_9997_fa04);
        assert_eq!(2.857_142_874_366_239e-1_f64.to_bits(), 0x3fd2_4924_9422_9359);
        assert_eq!(2.222_219_843_214_978_4e-1_f64.to_bits(), 0x3fcc_71c5_1d8e_78af);
        assert_eq!(1.818_357_216_161_805e-1_f64.to_bits(), 0x3fc7_4664_96cb_03de);
        assert_eq!(1.531_383_769_920_937_3e-1_f64.to_bits(), 0x3fc3_9a09_d078_c69f);
        assert_eq!(1.479_819_860_511_658_6e-1_f64.to_bits(), 0x3fc2_f112_df3e_5244);
    }

    #[test]
    fn logarithms_are_within_a_bit_of_the_platform_s() {
        for count in 2..6000 {
            let x = f64::from(count);
            let difference = log(x).to_bits().abs_diff(x.ln().to_bits());
            assert!(difference <= 1, "{count}");
        }
    }
}
