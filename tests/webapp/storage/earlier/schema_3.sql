-- The tables as version 0.1.0 of 26 November 2026 made them.
CREATE TABLE studies (
    id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    created_at DOUBLE NOT NULL,
    shape JSON NOT NULL,
    spacing_mm JSON NOT NULL,
    orientation VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    original VARCHAR NOT NULL,
    reference VARCHAR,
    notes JSON,
    PRIMARY KEY (id)
);
CREATE INDEX ix_studies_created_at ON studies (created_at);
CREATE TABLE audit (
    id INTEGER NOT NULL,
    at DOUBLE NOT NULL,
    who VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_audit_at ON audit (at);
CREATE TABLE jobs (
    id VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    task VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    progress DOUBLE NOT NULL,
    stage VARCHAR NOT NULL,
    created_at DOUBLE NOT NULL,
    started_at DOUBLE,
    finished_at DOUBLE,
    eta_s DOUBLE,
    log JSON NOT NULL,
    error JSON,
    mask_id VARCHAR,
    dice DOUBLE,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
CREATE INDEX ix_jobs_state ON jobs (state);
CREATE INDEX ix_jobs_study_id ON jobs (study_id);
CREATE INDEX ix_jobs_created_at ON jobs (created_at);
CREATE TABLE masks (
    id VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    label_map_kind VARCHAR NOT NULL,
    labels JSON NOT NULL,
    volume_ml DOUBLE NOT NULL,
    dice DOUBLE,
    model_id VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    created_at DOUBLE NOT NULL,
    confidence JSON,
    PRIMARY KEY (id),
    FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
CREATE INDEX ix_masks_study_id ON masks (study_id);
CREATE INDEX ix_masks_created_at ON masks (created_at);
CREATE TABLE measurements (
    id VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    plane VARCHAR NOT NULL,
    points_mm JSON NOT NULL,
    label VARCHAR NOT NULL,
    statistics JSON NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
CREATE INDEX ix_measurements_study_id ON measurements (study_id);
CREATE TABLE reviews (
    id VARCHAR NOT NULL,
    study_id VARCHAR NOT NULL,
    mask_id VARCHAR,
    verdict VARCHAR NOT NULL,
    comment VARCHAR NOT NULL,
    at_mm JSON NOT NULL,
    "view" VARCHAR NOT NULL,
    who VARCHAR NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
CREATE INDEX ix_reviews_study_id ON reviews (study_id);
PRAGMA user_version = 3;
