"""The statistics of experiments: known answers, and simulations by seed. At size: benchmarks/experiments.py."""

import math

import numpy as np
import pytest
from scipy import stats

from cinematch_lib.errors import CineMatchError
from cinematch_lib.experiments import rates
from cinematch_lib.experiments.interleaving import team_draft
from cinematch_lib.experiments.off_policy import propensities, shuffled, snips
from cinematch_lib.experiments.power import Audience, plan
from cinematch_lib.experiments.reading import ListLog, read, until_day
from cinematch_lib.experiments.sequences import ConfidenceSequence, planned_error
from cinematch_lib.experiments.simulation import Population, simulate, simulated_experiment


def test_the_interval_is_that_of_the_formula_and_the_p_value_is_its_inverse():
    sequence = ConfidenceSequence(0.1)
    target = -2 * math.log(0.05)
    r = target + math.log(target) + 1
    assert sequence.half_width(0.1) == pytest.approx(0.1 * math.sqrt((1 + 1 / r) * (math.log(1 + r) + target)))
    assert sequence.half_width(0.1) == pytest.approx(0.3035, abs=1e-4)
    for error in (0.03, 0.1, 0.7):
        half = sequence.half_width(error)
        assert sequence.p_value(half, error) == pytest.approx(0.05)
        assert sequence.p_value(-2 * half, error) < 0.05 < sequence.p_value(half / 2, error)
    assert sequence.half_width(math.inf) == math.inf
    assert sequence.p_value(3.0, math.inf) == 1.0


def test_the_interval_is_narrowest_at_its_planned_error_among_sequences():
    at_plan = ConfidenceSequence(0.1).half_width(0.1)
    assert all(ConfidenceSequence(other).half_width(0.1) > at_plan for other in (0.02, 0.05, 0.2, 0.5))


def test_the_delta_method_is_the_error_of_the_ratio_by_hand():
    found = rates.rate(np.array([1, 0, 3]), np.array([2, 1, 5]))
    assert found.value == 0.5
    residuals = np.array([0, -0.5, 0.5])  # x - r n
    variance = residuals.var(ddof=1) / 3 / (8 / 3) ** 2
    assert found.relative_error == pytest.approx(math.sqrt(variance) / 0.5)
    with pytest.raises(CineMatchError, match="a list or more of each"):
        rates.rate(np.array([1]), np.array([0]))


def test_lists_of_one_user_are_not_taken_for_independent():
    """Ten lists of each of 50 users who always or never succeed are worth 50, not 500."""
    always = np.repeat([10, 0], 25)
    found = rates.rate(always, np.full(50, 10))
    assert found.relative_error * found.value == pytest.approx(math.sqrt(0.25 / 49))


def test_what_was_known_before_cuts_the_variance_and_moves_no_mean_on_average():
    rng = np.random.default_rng(0)
    differences, ratios = [], []
    for _ in range(200):
        past = [rng.normal(size=(400, 1)) for _ in range(2)]
        values = [5 + one[:, 0] + 0.5 * rng.normal(size=400) for one in past]
        adjusted = rates.adjusted_rates(values, past)
        differences.append(adjusted[1].value - adjusted[0].value)
        ratios.append(adjusted[0].relative_error * adjusted[0].value / (values[0].std(ddof=1) / 20))
    assert abs(np.mean(differences)) < 3 * np.std(differences) / math.sqrt(200)
    assert np.mean(ratios) == pytest.approx(math.sqrt(0.25 / 1.25), abs=0.02)  # 1 − ρ² of the variance is left
    assert np.std(differences) == pytest.approx(0.5 * math.sqrt(2 / 400), rel=0.15)


def test_the_shares_are_checked_by_chi_square():
    assert rates.sample_ratio_p([500, 500], [0.5, 0.5]) == 1
    assert rates.sample_ratio_p([520, 480], [0.5, 0.5]) == pytest.approx(stats.chi2.sf(1.6, 1))
    assert rates.sample_ratio_p([4000, 4400], [0.5, 0.5]) < rates.BROKEN
    assert rates.sample_ratio_p([900, 100], [0.9, 0.1]) == 1
    assert rates.sample_ratio_p([0, 0], [0.5, 0.5]) == 1


def test_a_plan_follows_from_the_variance_and_the_audience():
    past = Audience.of_past(np.tile([0, 1], 500), np.ones(1000), days=10)
    assert (past.rate, past.users_per_day) == (0.5, 100)
    found = plan(past, 0.1, [0.5, 0.5])
    # Half of 1,000 users with one list each succeeded: the variance of the logarithm is 1, or 999/1000 of that.
    assert past.variance == pytest.approx(1, rel=2e-3)
    assert past.variance_error == pytest.approx(0, abs=1e-9)  # all are equally far from the mean
    treatment = past.variance - 0.1 / 1.1 / 0.5  # with 55 % in place of 50 %: .45 / .55
    assert treatment == pytest.approx(0.45 / 0.55, abs=2e-3)
    assert found.users == math.ceil(2 * (past.variance + treatment) / planned_error(math.log(1.1)) ** 2)
    assert found.days == math.ceil(found.users / 100)
    assert plan(past, 0.1, [0.9, 0.1]).users > 2 * found.users
    with pytest.raises(CineMatchError, match=r"above 0, such as 0\.1 for ten per cent, got -1"):
        plan(past, -1, [0.5, 0.5])
    with pytest.raises(CineMatchError, match="too few events"):
        plan(Audience.of_past(np.zeros(3), np.ones(3), 1), 0.1, [0.5, 0.5])


def test_a_past_in_which_few_users_have_most_of_the_lists_asks_for_more_users():
    even = Audience.of_past(np.tile([1, 3], 500), np.full(1000, 8), days=1)
    lists, successes = np.full(1000, 8), np.tile([1, 3], 500)
    lists[:4], successes[:4] = 500, [0, 250, 0, 250]
    uneven = Audience.of_past(successes, lists, days=1)
    assert even.rate == pytest.approx(uneven.rate) == 0.25
    assert uneven.variance_error > 0.2 * uneven.variance
    assert plan(uneven, 0.1, [0.5, 0.5]).users > plan(even, 0.1, [0.5, 0.5]).users


def test_at_the_planned_size_four_of_five_experiments_find_the_effect():
    population = Population(rate=0.3)
    sample = simulate(20_000, 0.0, population, seed=1)
    lists = np.bincount(sample.users)
    audience = Audience.of_past(np.bincount(sample.users, sample.successes), lists, days=14)
    experiment = simulated_experiment(effect=0.2)
    users = plan(audience, 0.2, experiment.shares).users
    states = [read(experiment, simulate(users, 0.2, population, seed)).comparisons[0].state for seed in range(2, 302)]
    assert states.count("worse") == 0
    assert states.count("better") / 300 == pytest.approx(0.8, abs=3 * math.sqrt(0.16 / 300))


@pytest.mark.parametrize("population", [Population(tail=1.5), Population(past=0.7)], ids=["up to 500 lists", "past"])
def test_looking_every_day_gives_at_most_five_per_cent_of_false_alarms(population):
    experiment = simulated_experiment()
    n, alarms = 200, 0
    for seed in range(n):
        readings = until_day(experiment, simulate(1500, 0.0, population, seed))
        alarms += any(one.comparisons[0].state in ("better", "worse") for _, one in readings)
    assert alarms <= stats.binom.ppf(0.999, n, 0.05)


def test_the_sentence_tells_what_follows():
    population, experiment = Population(rate=0.5, concentration=20), simulated_experiment(effect=0.3)
    better = read(experiment, simulate(6000, 0.2, population, 0))
    assert better.comparisons[0].state == "better"
    assert better.sentence.startswith("b is better than a by ")
    same = read(experiment, simulate(6000, 0.0, population, 0))
    assert same.comparisons[0].state == "same"
    assert same.sentence.startswith("There is no difference larger than ")
    early = read(experiment, simulate(30, 0.2, population, 0))
    assert early.comparisons[0].state == "running"
    assert early.sentence.startswith("Keep going: b against a in click is not decided yet")
    log = simulate(6000, 0.2, population, 0)
    broken = read(experiment, log.take((log.arms == 0) | (log.users % 4 > 0)))
    assert broken.comparisons[0].state == "broken"
    assert broken.sentence.startswith(
        "The data are broken: the numbers of users by arm do not fit the shares (χ², p = "
    )
    nothing = read(experiment, log.take(np.zeros(0, int)))
    assert nothing.comparisons[0].state == "running"


# --- interleaving ---------------------------------------------------------------------------------------


def test_a_team_draft_takes_turns_and_repeats_no_film():
    first, second = list(range(10)), [3, 2, 1, 0, *range(20, 30)]
    for seed in range(50):
        films, teams = team_draft(first, second, 8, seed)
        assert len(set(films)) == len(films) == len(teams) == 8
        assert teams.count(0) == teams.count(1) == 4
        for team, ranking in ((0, first), (1, second)):
            picked = [film for film, one in zip(films, teams, strict=True) if one == team]
            assert picked == [film for film in ranking if film in picked]
    assert team_draft(first, second, 8, 1) == team_draft(first, second, 8, 1)
    assert team_draft([1, 2], [2, 1, 3], 9, 0)[0] in ([1, 2, 3], [2, 1, 3])
    assert team_draft([], [], 5, 0) == ([], [])


def interleaved_log(users, liking, seed):
    """A log of lists of ten films; a film of the second team is picked `liking` times as often."""
    rng = np.random.default_rng(seed)
    n = 3 * users
    credits = np.column_stack([rng.binomial(5, 0.04, n), rng.binomial(5, 0.04 * liking, n)])
    zeros = np.zeros(n)
    lists = (np.repeat(np.arange(users), 3), zeros.astype(int), np.sort(rng.uniform(0, 1e6, n)), zeros == 0)
    return ListLog(*lists, credits.sum(1) > 0, credits, zeros, zeros + 10, np.zeros((users, 2), int))


def test_interleaving_finds_the_better_arm_and_none_where_both_are_the_same():
    experiment = simulated_experiment("interleave", effect=0.4)
    found = [read(experiment, interleaved_log(600, 1.5, seed)).comparisons[0].state for seed in range(60)]
    assert found.count("better") > 50
    same = [read(experiment, interleaved_log(600, 1.0, seed)).comparisons[0].state for seed in range(100)]
    assert same.count("better") + same.count("worse") <= 5


# --- estimates of a run that was not shown ----------------------------------------------------------------


def test_snips_is_arithmetic():
    found = snips(np.repeat([2.0, 4.0], 100), np.repeat([1.0, 0.0], 100), np.arange(200))
    assert found.rate.value == pytest.approx(200 / 600)
    assert found.effective_size == pytest.approx(600**2 / (100 * 4 + 100 * 16))
    residuals = np.repeat([2 * (1 - 1 / 3), 4 * (0 - 1 / 3)], 100)
    error = math.sqrt((residuals**2).sum()) / 600
    assert found.rate.high - found.rate.value == pytest.approx(1.96 * error, rel=1e-4)
    with pytest.raises(CineMatchError, match="worth 50 samples for this run, and 100 are needed"):
        snips(np.ones(50), np.ones(50), np.arange(50))


def test_snips_estimates_the_rate_of_a_ranking_that_was_never_shown():
    rng = np.random.default_rng(3)
    ranking, target, explore, k = list(range(50)), list(range(49, -1, -1)), 0.3, 10
    liked = rng.uniform(0.1, 0.9, 50)
    seen_to = 1 / np.arange(1, k + 1)  # users look at position p with probability 1/p
    truth = float(np.mean(liked[target[:k]] * seen_to))
    estimates, covered = [], 0
    for _ in range(30):
        weights, successes, lists = [], [], []
        for at in range(4000):
            order = shuffled(50, int(rng.integers(1 << 32))) if rng.uniform() < explore else ranking
            shown = [ranking[one] for one in order[:k]]
            chances = propensities(shown, ranking, explore)
            weights += [(film == wanted) / chance for film, wanted, chance in zip(shown, target, chances, strict=False)]
            successes += (rng.uniform(size=k) < liked[shown] * seen_to).tolist()
            lists += [at] * k
        found = snips(np.array(weights), np.array(successes), np.array(lists))
        estimates.append(found.rate.value)
        covered += found.rate.low <= truth <= found.rate.high
    assert np.mean(estimates) == pytest.approx(truth, abs=3 * np.std(estimates) / math.sqrt(30))
    assert covered >= 25
