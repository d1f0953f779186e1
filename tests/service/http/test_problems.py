from service.http.problems import Problem, Shapes
from tests.service.servers import client_of


def test_the_longest_prefix_gives_the_shape():
    shapes = Shapes()
    shapes.register("/api", lambda problem: "short")
    shapes.register("/api/v1", lambda problem: "long")
    assert shapes.find("/inpaint") is None
    for path, expected in (("/api/x", "short"), ("/api/v1/x", "long")):
        shape = shapes.find(path)
        assert shape is not None
        assert shape(None) == expected


def other_shape(problem: Problem) -> object:
    return {"error": problem.detail, "code": problem.status}


def test_routes_of_another_api_answer_in_its_shape():
    with client_of() as client:
        client.app.state.shapes.register("/other", other_shape)
        theirs = client.get("/other/route")
        ours = client.get("/route")
    assert theirs.headers["content-type"] == "application/json"
    assert theirs.json()["code"] == 404
    assert ours.headers["content-type"] == "application/problem+json"
