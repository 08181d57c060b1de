//! What `select!` and `join!` announce.

use super::*;

/// Notes its name at each poll and is ready at the last of `polls`.
fn noted(
    name: char,
    polls: usize,
    log: &Arc<Mutex<String>>,
) -> impl Future<Output = char> + Send + use<> {
    let (log, mut left) = (log.clone(), polls);
    poll_fn(move |cx| {
        log.lock().unwrap().push(name);
        left -= 1;
        if left == 0 {
            return Poll::Ready(name);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

#[test]
fn a_select_starts_where_the_engine_chooses_among_the_enabled() {
    for (choice, expected) in [(0, "ac"), (1, "ca")] {
        let polled = Arc::new(Mutex::new(String::new()));
        let log = polled.clone();
        let (winner, announced) = run_choosing(&[choice, choice], async move {
            select! {
                n = noted('a', 2, &log) => n,
                n = noted('b', 1, &log), if false => n,
                n = noted('c', 2, &log) => n,
            }
        });
        assert_eq!(winner, expected.chars().next().unwrap());
        assert_eq!(*polled.lock().unwrap(), format!("{expected}{winner}"));
        assert_eq!(announced, ["0 choose 2", "0 choose 2", "0 Finish"]);
    }
}

#[test]
fn a_select_does_not_ask_when_biased_or_with_one_branch_left() {
    let (sum, announced) = run(async {
        let one = select! { biased; n = ready(1) => n, n = ready(2) => n };
        let two = select! { Some(n) = ready(Some(2)) => n, n = ready(0), if one == 0 => n };
        one + two
    });
    assert_eq!((sum, announced), (3, vec!["0 Finish".to_owned()]));
}

#[test]
fn a_join_starts_first_to_last_and_then_where_the_engine_chooses() {
    let polled = Arc::new(Mutex::new(String::new()));
    let log = polled.clone();
    let (_, announced) = run_choosing(&[1, 1], async move {
        join!(noted('a', 3, &log), noted('b', 1, &log), noted('c', 3, &log));
        join!(biased; noted('x', 2, &log), noted('y', 2, &log));
    });
    assert_eq!(*polled.lock().unwrap(), "abccacaxyxy");
    assert_eq!(announced, ["0 choose 2", "0 choose 2", "0 Finish"]);
}
