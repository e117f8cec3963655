"""Requests of the newer client: a user who identifies, asks, and gives feedback."""

EMAIL = "anna@example.org"


def identify(api, email=EMAIL, name="Anna"):
    answer = api.post("/auth/identify", json={"email": email, "name": name})
    assert answer.status_code == 200, answer.text
    return answer.json()


def recommend(api, headers, **query):
    answer = api.get("/api/recommendations", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def like(api, headers, movie_id, signal="like"):
    answer = api.post("/api/feedback", headers=headers, json={"movie_id": movie_id, "signal": signal})
    assert answer.status_code == 200, answer.text
    return answer.json()
