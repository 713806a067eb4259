use crate::gate::bound::{clean_needed, highest_rate, lowest_rate};

/// `(failures, count, lowest, highest)`, from `SciPy` 1.17.1:
/// `binomtest(failures, count, alternative='greater' | 'less').proportion_ci(0.95, 'exact')`.
const SCIPY: [(u64, u64, f64, f64); 23] = [
    (0, 1, 0.0, 0.95),
    (0, 10, 0.0, 0.258_865_550_893_347_1),
    (1, 10, 0.005_116_196_892_304_599, 0.394_163_302_436_974),
    (9, 10, 0.605_836_697_563_026, 0.994_883_803_107_695_4),
    (10, 10, 0.741_134_449_106_652_9, 1.0),
    (0, 20, 0.0, 0.139_108_340_668_375_3),
    (1, 20, 0.002_561_378_776_530_283_2, 0.216_106_164_206_869_76),
    (2, 20, 0.018_065_203_085_426_44, 0.282_618_524_885_864_14),
    (5, 20, 0.104_080_835_910_136_1, 0.455_582_404_001_75),
    (0, 40, 0.0, 0.072_157_524_505_514_56),
    (1, 40, 0.001_281_510_522_875_754_2, 0.113_188_360_944_737_47),
    (0, 148, 0.0, 0.020_037_951_689_217_34),
    (0, 149, 0.0, 0.019_904_816_220_827_137),
    (0, 298, 0.0, 0.010_002_432_437_730_153),
    (0, 299, 0.0, 0.009_969_146_792_958_017),
    (1, 472, 0.000_108_666_329_710_788_7, 0.010_010_788_208_994_745),
    (1, 473, 0.000_108_436_603_630_141_85, 0.009_989_707_474_333_786),
    (3, 512, 0.001_598_901_810_149_025, 0.015_073_687_702_407_298),
    (10, 100, 0.055_263_237_682_868_33, 0.163_717_623_275_814_27),
    (50, 100, 0.413_621_714_630_911_7, 0.586_378_285_369_088_3),
    (12, 1_000, 0.006_938_388_047_866_689, 0.019_370_199_285_087_63),
    (
        100,
        100_000,
        0.000_841_455_309_988_800_2,
        0.001_180_685_969_176_109,
    ),
    (1, 1_000_000, 5.129_327_232_772_047e-8, 4.743_855_654_346_422e-6),
];

/// To six digits, which is what the logarithm of the gamma function here is good for; four are shown at most.
#[test]
fn bounds_are_those_of_scipy() {
    for (failures, count, lowest, highest) in SCIPY {
        close(lowest_rate(failures, count), lowest, 1e-6, failures, count);
        close(highest_rate(failures, count), highest, 1e-6, failures, count);
    }
}

/// At the bound itself the tail is the doubt, counted out term by term.
#[test]
fn bounds_are_where_the_tail_counted_out_is_five_in_a_hundred() {
    for count in 1..=60 {
        for failures in 0..=count {
            let highest = highest_rate(failures, count);
            if failures == count {
                close(highest, 1.0, 0.0, failures, count);
            } else {
                close(at_most(failures, count, highest), 0.05, 1e-9, failures, count);
            }
            let lowest = lowest_rate(failures, count);
            if failures == 0 {
                close(lowest, 0.0, 0.0, failures, count);
            } else {
                let at_least = 1.0 - at_most(failures - 1, count, lowest);
                close(at_least, 0.05, 1e-9, failures, count);
            }
        }
    }
}

#[test]
fn no_requests_say_nothing() {
    close(highest_rate(0, 0), 1.0, 0.0, 0, 0);
    close(lowest_rate(0, 0), 0.0, 0.0, 0, 0);
}

#[test]
fn the_clean_requests_needed_are_the_fewest_that_suffice() {
    assert_eq!(clean_needed(0, 0, 0.02), Some(149));
    assert_eq!(clean_needed(0, 40, 0.02), Some(109));
    assert_eq!(clean_needed(0, 149, 0.02), Some(0));
    assert_eq!(clean_needed(0, 0, 0.01), Some(299));
    assert_eq!(clean_needed(1, 1, 0.01), Some(472));
    assert_eq!(clean_needed(1, 473, 0.01), Some(0));
    for (failures, count, threshold) in [(0, 0, 0.3), (2, 7, 0.05), (5, 5, 0.5), (3, 500, 0.01)] {
        let more = clean_needed(failures, count, threshold).unwrap();
        assert!(highest_rate(failures, count + more) < threshold);
        assert!(more == 0 || highest_rate(failures, count + more - 1) >= threshold);
    }
    assert_eq!(clean_needed(0, 0, 1e-12), None, "out of reach");
}

/// The probability of at most `failures` among `count`, each with `rate`.
fn at_most(failures: u64, count: u64, rate: f64) -> f64 {
    let mut term = (1.0 - rate).powi(i32::try_from(count).unwrap());
    let mut sum = term;
    for k in 0..failures {
        let (k, count) = (
            f64::from(u32::try_from(k).unwrap()),
            f64::from(u32::try_from(count).unwrap()),
        );
        term *= (count - k) / (k + 1.0) * rate / (1.0 - rate);
        sum += term;
    }
    sum
}

fn close(found: f64, expected: f64, relative: f64, failures: u64, count: u64) {
    let apart = (found - expected).abs();
    assert!(
        apart <= relative * expected.abs(),
        "{failures} in {count}: {found} is not {expected}"
    );
}
